// The control API over real sockets, with careless, broken and hostile clients.
#include <gmock/gmock.h>
#include <io/descriptor_limit.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include <unistd.h>

#include "control/session.h"
#include "control_scene.h"

namespace electiond::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A refusal is a complete answer and forbids caching.
void expect_refusal(const std::string& answer, int status) {
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(status) + " "));
    EXPECT_THAT(answer, HasSubstr("\r\nCache-Control: no-store\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: application/problem+json\r\n"));
    ASSERT_THAT(answer, EndsWith("}"));
    EXPECT_EQ(json(body_of(answer))->getValue<int>("status"), status);
}
// It also ends the connection, since the beginning of the next request is unknown.
void expect_end(const std::string& answer, int status) {
    expect_refusal(answer, status);
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
}

TEST_F(Server, AnswersAndGoesOn) {
    auto client = connect();
    for (int i = 0; i < 3; ++i) {
        const auto answer = client.send(request("GET /status")).answer();
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_THAT(answer, HasSubstr("\r\nCache-Control: no-store\r\n"));
        EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: application/json\r\n"));
        EXPECT_THAT(answer, ::testing::ContainsRegex("\r\nDate: [A-Z][a-z][a-z], [0-9][0-9] "));
        EXPECT_EQ(json(body_of(answer))->getValue<std::string>("id"), "1");
    }
}

// The connection ends with an error only if the length was unknown.
TEST_F(Server, GoesOnAfterARefusal) {
    token = "secret";
    start({Endpoint{"127.0.0.1", 0}});
    auto client = connect();
    const std::pair<std::string, int> refused[] = {
        {request("GET /nothing"), 404},
        {request("PATCH /status"), 405},
        {request("POST /step-down", "Content-Length: 0\r\n"), 401},
        {request("GET /status", "Origin: http://evil.example\r\n"), 403},
        {request("GET /leader?wait=x"), 400}};
    for (const auto& [bytes, status] : refused) {
        if (status == 405) continue;  // may have a body whose length is not given
        expect_refusal(client.send(bytes).answer(), status);
    }
    EXPECT_THAT(client.send(request("GET /status")).answer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(Server, AnswersWhatComesAtOnceInItsOrder) {
    auto client = connect();
    client.send(request("GET /leader", "Content-Length: 3\r\n") + "abc\r\n" +
                request("HEAD /status") + request("OPTIONS /status") + request("GET /"));
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(client.answer(false), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(
        client.answer(),
        AllOf(StartsWith("HTTP/1.1 204 No Content"), HasSubstr("\r\nAllow: GET, HEAD, OPTIONS\r\n"),
              HasSubstr("\r\nCache-Control: no-store\r\n"), Not(HasSubstr("Content-Length"))));
    EXPECT_THAT(client.answer(), HasSubstr(R"("product":"electiond")"));
}

TEST_F(Server, AnswersAThousandPipelinedRequestsWithoutLeavingOthersAside) {
    auto client = connect();
    std::string all;
    for (int i = 0; i < 1000; ++i) all += request("GET /leader");
    std::thread sender([&] { client.send(all); });
    settle();
    int answers = 0;
    for (; answers < 1000; ++answers) {
        const auto answer = client.answer();
        if (!answer.starts_with("HTTP/1.1 503 ")) break;
    }
    sender.join();
    EXPECT_EQ(answers, 1000);
}

// While one answer is parked, the server reads only a few more requests of its client.
TEST_F(Server, ReadsNoMoreThanAFewRequestsAheadOfAParkedAnswer) {
    auto client = connect();
    client.send(request("GET /leader?wait=60s"));
    for (int i = 0; i < 100; ++i) client.send(request("GET /follower"));
    settle();
    EXPECT_FALSE(client.is_answered());

    auto status = blank();
    ++status.index;
    board.publish(status);

    for (int i = 0; i < 101; ++i) EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 503")) << i;
}

TEST_F(Server, SendsTheLengthAloneToHead) {
    const auto full = told("GET /members HTTP/1.0\r\n\r\n");
    const auto head = told("HEAD /members HTTP/1.0\r\n\r\n");
    EXPECT_EQ(body_of(head), "");
    EXPECT_THAT(head, HasSubstr("\r\nContent-Length: " + std::to_string(body_of(full).size())));
    EXPECT_EQ(body_of(told(request("HEAD /nothing", "Connection: close\r\n"))), "");
}

TEST_F(Server, ClosesAfterHttp10AndWhereAsked) {
    EXPECT_THAT(told("GET /status HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(told(request("GET /status", "Connection: close\r\n")), StartsWith("HTTP/1.1 200"));
    auto client = connect();
    client.send("GET /status HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(client.answer(),
                AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("\r\nConnection: keep-alive\r\n")));
    EXPECT_THAT(client.send("GET /nothing HTTP/1.0\r\n\r\n").all(), StartsWith("HTTP/1.1 404"));
}

// As HAProxy asks: OPTIONS, HTTP/1.0, no Host; older ones send a body of their own, too.
TEST_F(Server, AnswersHealthChecksAsItAnswersGet) {
    for (const char* method : {"GET", "HEAD", "OPTIONS"}) {
        for (const char* rest :
             {" HTTP/1.0\r\n\r\n", " HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi",
              "?wait=60s&index=99 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"}) {
            if (std::string_view(method) == "GET" && *rest == '?') continue;  // a long poll
            const auto answer = told(std::string(method) + " /leader" + rest);
            EXPECT_THAT(answer, StartsWith("HTTP/1.1 503")) << method << rest;
            EXPECT_EQ(answer.find("\r\nAllow: ") != std::string::npos,
                      std::string_view(method) == "OPTIONS");
        }
    }
}

TEST_F(Server, SaysWithTheLastAnswerOfAConnectionThatItIsTheLast) {
    auto client = connect();
    std::string answer;
    int answers = 0;
    do {
        answer = client.send(request("GET /status")).answer();
        ++answers;
        ASSERT_THAT(answer, StartsWith("HTTP/1.1 200")) << "answer " << answers;
    } while (answer.find("Connection: close") == std::string::npos);
    EXPECT_EQ(answers, 1000);
    EXPECT_EQ(client.all(), "");
}

TEST_F(Server, NamesWhatIsAllowed) {
    const auto answer = told(request("PATCH /status"));
    expect_refusal(answer, 405);
    EXPECT_THAT(answer, HasSubstr("\r\nAllow: GET, HEAD, OPTIONS\r\n"));
}

TEST_F(Server, RefusesChunksAndWhatIsHiddenInThem) {
    for (const char* also : {"", "Content-Length: 5\r\n"}) {
        const auto answer =
            told(request("POST /step-down", std::string(also) + "Transfer-Encoding: chunked\r\n") +
                 "zz\r\n" + request("GET /status") + "0\r\n\r\n");
        expect_end(answer, 411);  // and nothing else
    }
    expect_end(told(request("GET /status", "Transfer-Encoding : chunked\r\n") + "0\r\n\r\n" +
                    request("GET /status")),
               400);
}

TEST_F(Server, TakesAPostWithoutABodyForAnEmptyOne) {
    mailbox = [](Event event) {
        std::get<CommandArrived>(event).done({.successor = NodeId("2"), .term = 8});
        return true;
    };
    EXPECT_THAT(told(request("POST /step-down")),
                EndsWith(R"({"message":"Stepped down successfully","successor":"2","term":8})"));
    auto client = connect();
    for (int i = 0; i < 2; ++i) {
        client.send(request("POST /step-down", "Content-Length: 10\r\n") + "{\"to\":\"2\"}");
        EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 200"));
    }
}

TEST_F(Server, NeverActsOnHalfARequest) {
    mailbox = [](const Event&) {
        ADD_FAILURE() << "half a request reached the election";
        return false;
    };
    const auto head = request("POST /step-down", "Content-Length: 10\r\n");
    expect_end(connect().send(head + "{\"to\"").send_no_more().all(), 400);
    expect_end(connect().send(head).send_no_more().all(), 400);
    expect_end(connect().send("POST /step-down HTTP/1.1\r\nHo").send_no_more().all(), 400);
    expect_end(connect().send("POST /step-down HTTP/1.1\r\n").send_no_more().all(), 400);
    EXPECT_EQ(connect().send_no_more().all(), "");
    EXPECT_EQ(connect().send("\r\n\r\n").send_no_more().all(), "");
}

TEST_F(Server, RefusesALargeBodyWithoutReadingIt) {
    expect_end(told(request("POST /step-down", "Content-Length: 16385\r\n")), 413);
    expect_end(told(request("POST /step-down", "Content-Length: 99999999999999999999999\r\n")),
               413);
    expect_end(told(request("GET /status", "Content-Length: 20000\r\n")), 413);
    // A client that has already sent everything can still read the answer.
    const std::string megabyte(1024 * 1024, 'x');
    expect_end(told(request("POST /step-down", "Content-Length: 1048576\r\n") + megabyte), 413);
    EXPECT_EQ(server->counts().body_too_large, 4U);
}

TEST_F(Server, TakesABodyOfSixteenKibibytes) {
    const std::string body(16 * 1024, 'x');
    expect_refusal(
        connect().send(request("POST /step-down", "Content-Length: 16384\r\n") + body).answer(),
        400);
}

TEST_F(Server, RefusesALengthThatIsNone) {
    for (const char* length : {"-1", "+5", "0x10", "5, 5", "5\r\nContent-Length: 5", "five", ""}) {
        expect_end(
            told(request("POST /step-down", std::string("Content-Length: ") + length + "\r\n") +
                 "12345"),
            400);
    }
}

TEST_F(Server, LetsAClientGoOnThatAsksFirst) {
    auto client = connect();
    client.send(request("POST /step-down", "Expect: 100-continue\r\nContent-Length: 1\r\n"));
    EXPECT_EQ(client.answer(false), "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_THAT(client.send("{").answer(), StartsWith("HTTP/1.1 400"));

    expect_end(
        told(request("POST /step-down", "Expect: 100-continue\r\nContent-Length: 99999\r\n")),
        413);  // at once, without a 100
}

// A few cases of the reader's own tests, to show that this server uses that reader.
TEST_F(Server, RefusesWhatIsNoHttp) {
    const std::string host = "Host: localhost\r\n";
    const std::string client_hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n", 13);
    for (const auto& bytes :
         {std::string("nonsense\r\n\r\n"), std::string("GET\r\n\r\n"), client_hello,
          std::string("GET /status HTTP/1.1\r\n\r\n"), std::string("GET / HTTP/1.1\nHost: x\n\n"),
          request("GET  /status"), request("GET\t/status"), request("GET /sta\ttus"),
          request("GET /status", "X: a\r\n folded\r\n"), request("GET /status", "no colon\r\n"),
          request("GET /status", "X : a\r\n"), request("GET /status", std::string("X: \0\r\n", 6)),
          request("GET /status", host), request("GET status"), request("GET /\x1b[31m"),
          request("G(T /status")}) {
        SCOPED_TRACE(bytes.substr(0, 60));
        expect_end(told(bytes), 400);
    }
    EXPECT_EQ(server->counts().malformed, 16U);
    std::string many;
    for (int i = 0; i < 200; ++i) many += "X-" + std::to_string(i) + ": x\r\n";
    expect_end(told(request("GET /status", many)), 431);
    expect_end(told("GET /status HTTP/1.1\r\nX: " + std::string(40'000, 'a')), 431);
    expect_end(told(request("GET /" + std::string(20'000, 'a'))), 431);
    EXPECT_EQ(server->counts().header_too_large, 3U);
    expect_end(told("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
    expect_end(told("GET /status HTTP/1.9\r\nHost: localhost\r\n\r\n"), 505);
}

TEST_F(Server, RefusesForeignHostsAndOrigins) {
    expect_refusal(connect().send("GET /status HTTP/1.1\r\nHost: evil.example\r\n\r\n").answer(),
                   403);
    expect_refusal(connect()
                       .send(request("POST /step-down",
                                     "Origin: http://evil.example\r\nContent-Length: 0\r\n"))
                       .answer(),
                   403);
}

TEST_F(Server, CutsAClientThatDripsOrSaysNothing) {
    restart([](auto& limits) { limits.request_time = limits.idle_time = 300ms; });
    EXPECT_EQ(connect().all(), "");
    EXPECT_EQ(kept().all(), "") << "idle after a request";
    expect_end(told("GET /status HTTP/1.1\r\nHost:"), 408);
    expect_end(told(request("POST /step-down", "Content-Length: 5\r\n") + "{"), 408);

    // Single bytes do not extend the time: the request has one deadline.
    auto client = connect();
    std::promise<void> over;
    std::thread drip([&, done = over.get_future()] {
        while (done.wait_for(20ms) == std::future_status::timeout) client.send("x");
    });
    const auto answer = client.all();
    over.set_value();
    drip.join();
    expect_end(answer, 408);
    EXPECT_EQ(server->counts().late, 3U);
}

// The deadline of a request begins with its first byte, not with the connection.
TEST_F(Server, LetsAConnectionBeIdleForLongerThanARequestMayTake) {
    restart([](auto& limits) { limits.request_time = 100ms; });
    auto client = kept();
    EXPECT_FALSE(client.is_answered(300ms));
    EXPECT_THAT(client.send(request("GET /status")).answer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(Server, AnswersAtOnceWhateverOthersHold) {
    std::vector<Client> others;
    for (int i = 0; i < 100; ++i) {
        others.push_back(kept());
        others.push_back(std::move(connect().send("GET /leader HTTP/1.1\r\nX:")));
    }
    for (auto& each : others) each.send("x");

    Duration quickest = livez();
    for (int i = 0; i < 4; ++i) quickest = std::min(quickest, livez());

    EXPECT_LT(quickest, 100ms);
    EXPECT_EQ(server->counts(0).evicted, 0U);
}

TEST_F(Server, ClosesTheConnectionIdleForLongestWhenItIsFull) {
    restart([](auto& limits) { limits.connections = 4; });
    std::vector<Client> idle;
    for (int i = 0; i < 4; ++i) idle.push_back(kept());
    EXPECT_THAT(idle[0].send(request("GET /status")).answer(), StartsWith("HTTP/1.1 200"));

    auto newcomer = kept();

    EXPECT_EQ(idle[1].all(), "") << "it was idle for longest";
    for (const int stays : {0, 2, 3}) {
        EXPECT_THAT(idle[static_cast<std::size_t>(stays)].send(request("GET /status")).answer(),
                    StartsWith("HTTP/1.1 200"));
    }
    EXPECT_EQ(server->counts(0).evicted, 1U);
}

TEST_F(Server, RefusesWithARetryAfterWhenAllAreBusy) {
    restart([](auto& limits) { limits.connections = 3; });
    std::vector<Client> polls;
    for (int i = 0; i < 3; ++i) {
        polls.push_back(std::move(kept().send(request("GET /leader?wait=60s"))));
    }
    // Until all three are parked, a connection that does not wait yet is closed first.
    while (routes->streams() < 3) std::this_thread::yield();

    const auto refused = told(request("GET /status"));

    expect_end(refused, 503);
    EXPECT_THAT(refused, HasSubstr("\r\nRetry-After: 1\r\n"));
    EXPECT_EQ(server->counts(0).refused_full, 1U);
    for (auto& poll : polls) EXPECT_FALSE(poll.is_answered());
}

TEST_F(Server, RefusesCommandsBeyondThoseThatMayWait) {
    std::atomic<int> posted = 0;
    mailbox = [&](const Event&) {
        ++posted;
        return true;
    };
    restart([](auto& limits) { limits.waiting_requests = 2; });
    std::vector<Client> waiting;
    for (int i = 0; i < 2; ++i) {
        waiting.push_back(
            std::move(connect().send(request("POST /step-down", "Content-Length: 0\r\n"))));
    }
    while (posted < 2) std::this_thread::yield();

    const auto refused = connect().send(request("POST /leave", "Content-Length: 0\r\n")).answer();

    expect_refusal(refused, 503);
    EXPECT_THAT(refused, HasSubstr("\r\nRetry-After: 1\r\n"));
    EXPECT_EQ(posted, 2);
    EXPECT_EQ(routes->waiting_refused(), 1U);
}

TEST_F(Server, CutsAClientThatReadsNoAnswer) {
    for (Term term = 1; term <= Journal::kKept; ++term) {  // some 150 KB for each answer
        journal.note(now, LeaderGained{.leader = {NodeUuid("uuid-1"), NodeId("1"), term}});
    }
    write_limit = 200ms;
    start({Endpoint{"127.0.0.1", 0}});
    auto client = connect();
    for (int i = 0; i < 100; ++i) client.send(request("GET /history"));

    const auto asked = read_boot_clock();
    while (server->counts().not_taken == 0 && read_boot_clock() - asked < 30s) settle();

    EXPECT_EQ(server->counts().not_taken, 1U);
}

TEST_F(Server, MakesA500OfWhateverIsThrown) {
    auto all = dependencies();
    all.discoveries = []() -> std::vector<ScoutReport> { throw std::runtime_error("broken"); };
    ControlRoutes broken(all);
    std::vector<std::string> logged;
    server = std::make_unique<ControlServer>(std::vector<ListenAddress>{Endpoint{"127.0.0.1", 0}},
                                             ApiLimits(), Log([&](LogLine line) {
                                                 if (line.level == LogLevel::error)
                                                     logged.push_back(line.to_string());
                                             }));
    server->start(broken);
    auto client = connect();
    for (int i = 0; i < 2; ++i) expect_refusal(client.send(request("GET /status")).answer(), 500);
    EXPECT_THAT(told("GET /leader HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 503"));
    EXPECT_EQ(server->counts().failed, 2U);
    server.reset();
    EXPECT_THAT(logged, ::testing::ElementsAre("control API failed: broken path=/status"));
}

TEST_F(Server, AnswersLongPollsAtOnceBeyondTheirLimit) {
    restart([](auto& limits) { limits.streams = 2; });
    std::vector<Client> polls;
    for (int i = 0; i < 2; ++i)
        polls.push_back(std::move(connect().send(request("GET /leader?wait=60s"))));
    while (routes->streams() < 2) std::this_thread::yield();

    EXPECT_THAT(connect().send(request("GET /leader?wait=60s")).answer(),
                StartsWith("HTTP/1.1 503"));
    EXPECT_EQ(routes->streams_refused(), 1U);
    for (auto& poll : polls) EXPECT_FALSE(poll.is_answered());
}

TEST_F(Server, WakesAThousandLongPollsByOneChange) {
    constexpr std::size_t kPolls = 1000;
    if (io::raise_descriptor_limit() < 2 * kPolls + 200) GTEST_SKIP() << "too few descriptors here";
    std::vector<Client> polls;
    for (std::size_t i = 0; i < kPolls; ++i) {
        polls.push_back(std::move(connect().send(request("GET /leader?wait=60s"))));
    }
    while (routes->streams() < kPolls) std::this_thread::yield();
    EXPECT_TRUE(std::ranges::none_of(polls, [](auto& each) { return each.is_answered(); }));

    auto status = blank();
    ++status.index;
    board.publish(status);

    const auto news = "\"index\":" + std::to_string(status.index);
    EXPECT_TRUE(std::ranges::all_of(
        polls, [&](auto& each) { return each.answer().find(news) != std::string::npos; }));
    EXPECT_EQ(routes->streams(), 0U);
}

// The loop hangs: nothing is published, and the lease runs out.
TEST_F(Server, EndsALongPollWithTheLease) {
    auto status = leading();
    status.leadership.lease_until = read_boot_clock() + 300ms;
    board.publish(status);
    auto client = connect();
    client.send(request("GET /leader?wait=60s"));
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 503"));
    EXPECT_GE(read_boot_clock(), status.leadership.lease_until);
}

TEST_F(Server, KeepsALongPollWhoseLeaseIsRenewed) {
    auto status = leading();
    status.leadership.lease_until = read_boot_clock() + 100ms;
    board.publish(status);
    auto client = connect();
    client.send(request("GET /leader?wait=500ms"));
    while (routes->streams() == 0) std::this_thread::yield();
    status.leadership.lease_until = read_boot_clock() + 1h;
    board.publish(status);
    const auto asked = read_boot_clock();
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 200"));
    EXPECT_GE(read_boot_clock() - asked, 300ms);
}

TEST_F(Server, GivesUpALongPollWhoseClientHungUp) {
    for (int i = 0; i < 8; ++i) connect().send(request("GET /leader?wait=60s"));
    auto stays = connect();
    stays.send(request("GET /leader?wait=60s"));
    // The last of them has come when it waits, and it waits alone then.
    while (routes->streams() != 1) std::this_thread::yield();
    EXPECT_FALSE(stays.is_answered());
}

// A client that has closed its own direction still gets the outcome of its command.
TEST_F(Server, AnswersACommandOfAClientThatSendsNoMore) {
    std::promise<CommandArrived> posted;
    mailbox = [&](Event event) {
        posted.set_value(std::move(std::get<CommandArrived>(event)));
        return true;
    };
    auto client = connect();
    client.send(request("POST /step-down", "Content-Length: 0\r\n")).send_no_more();
    const auto command = posted.get_future().get();
    settle();
    command.done({.successor = NodeId("2"), .term = 8});
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 200"));
}

// The command continues; its outcome comes when no client waits any more.
TEST_F(Server, OutlivesTheOutcomeOfACommandWhoseClientHungUp) {
    std::promise<CommandArrived> posted;
    mailbox = [&](Event event) {
        posted.set_value(std::move(std::get<CommandArrived>(event)));
        return true;
    };
    std::optional<CommandArrived> command;
    {
        auto client = connect();
        client.send(request("POST /step-down", "Content-Length: 0\r\n"));
        command = posted.get_future().get();
    }
    settle();
    command->done({.term = 8});
    settle();
    server->stop();
    command->done({.term = 8});  // not even the server is there
}

TEST_F(Server, StopsAtOnceAndAnswersWhatWaits) {
    auto polling = connect();
    polling.send(request("GET /leader?wait=60s"));
    while (routes->streams() == 0) std::this_thread::yield();
    auto idle = kept();
    auto half = connect();
    half.send(request("GET /status") + "GET /status HTTP/1.1\r\nHo");
    EXPECT_THAT(half.answer(), StartsWith("HTTP/1.1 200"));

    const auto begin = std::chrono::steady_clock::now();
    server->stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);  // 5 s and 60 s are what it cut short

    EXPECT_THAT(polling.all(), StartsWith("HTTP/1.1 503"));
    EXPECT_EQ(idle.all(), "");
    EXPECT_THAT(half.all(), Not(HasSubstr("200 OK")));
    server->stop();
}

TEST_F(Server, StopsInTimeWithManyConnectionsInEachState) {
    std::vector<Client> clients;
    const std::string unread = request("GET /status") + request("GET /status");
    for (int i = 0; i < 100; ++i) {
        clients.push_back(connect());
        clients.push_back(kept());
        clients.push_back(std::move(connect().send("GET /status HTTP/1.1\r\nHo")));
        clients.push_back(
            std::move(connect().send(request("POST /step-down", "Content-Length: 5\r\n") + "{")));
        clients.push_back(std::move(connect().send(request("GET /leader?wait=60s"))));
        clients.push_back(std::move(connect().send("nonsense\r\n")));  // lingers
    }
    while (routes->streams() < 100) std::this_thread::yield();

    const auto begin = std::chrono::steady_clock::now();
    server->stop();

    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s) << "250 ms are its limit";
    for (std::size_t i = 4; i < clients.size(); i += 6) {
        EXPECT_THAT(clients[i].all(), StartsWith("HTTP/1.1 503"));
    }
}

// A refused client has a second to read the answer, but not while the server stops.
TEST_F(Server, StopsAtOnceWhateverWasRefused) {
    restart([](auto& limits) { limits.connections = 1; });
    auto poll = connect();
    poll.send(request("GET /leader?wait=60s"));
    while (routes->streams() == 0) std::this_thread::yield();
    std::vector<Client> refused;
    for (int i = 0; i < 8; ++i) {
        refused.push_back(connect());
        expect_refusal(refused.back().answer(), 503);
    }

    const auto begin = std::chrono::steady_clock::now();
    server->stop();

    EXPECT_LT(std::chrono::steady_clock::now() - begin, 600ms);
}

TEST_F(Server, StopsWithoutHavingStarted) {
    ControlServer idle({Endpoint{"127.0.0.1", 0}}, {}, Log{});
    idle.stop();
    const ControlServer never({Endpoint{"127.0.0.1", 0}}, {}, Log{});
}

// ---- A Unix socket

class UnixServer : public Server {
  protected:
    void SetUp() override {
        std::string name = ::testing::TempDir() + "electiond-api-XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder = name;
        token = "secret";
        start({Endpoint{"127.0.0.1", 0}, io::UnixSocket{.path = folder / "api.sock"}});
    }
    void TearDown() override {
        server.reset();
        std::filesystem::remove_all(folder);
    }
    Client connect_locally() {
        return Client(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL,
                                               (folder / "api.sock").string()));
    }
    std::filesystem::path folder;
};

TEST_F(UnixServer, AnswersAsOverTcp) {
    auto client = connect_locally();
    for (int i = 0; i < 2; ++i) {
        EXPECT_THAT(client.send(request("GET /status")).answer(), StartsWith("HTTP/1.1 200"));
    }
    EXPECT_EQ(server->endpoints().size(), 1U) << "a Unix socket is no host and port";
}

TEST_F(UnixServer, LetsTheSameUserChangeThingsWithoutAToken) {
    mailbox = [](Event event) {
        std::get<CommandArrived>(event).done({.successor = NodeId("2"), .term = 8});
        return true;
    };
    const auto step_down = request("POST /step-down", "Content-Length: 0\r\n");
    expect_refusal(connect().send(step_down).answer(), 401);
    EXPECT_THAT(connect_locally().send(step_down).answer(), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(connect_locally()
                    .send("POST /step-down HTTP/1.1\r\nHost: evil.example\r\n"
                          "Content-Length: 0\r\n\r\n")
                    .answer(),
                StartsWith("HTTP/1.1 403"));
}

TEST_F(UnixServer, LeavesNoFileBehind) {
    ASSERT_TRUE(std::filesystem::exists(folder / "api.sock"));
    server->stop();
    EXPECT_FALSE(std::filesystem::exists(folder / "api.sock"));
}

TEST_F(UnixServer, KeepsItsShareOfConnectionsWhateverComesByTcp) {
    server.reset();
    ApiLimits limits;
    limits.connections = 16;
    start({Endpoint{"127.0.0.1", 0}, io::UnixSocket{.path = folder / "api.sock"}}, limits);
    auto local = connect_locally();
    EXPECT_THAT(local.send(request("GET /livez")).answer(), StartsWith("HTTP/1.1 200"));

    std::vector<Client> flood;
    for (int i = 0; i < 64; ++i) flood.push_back(connect());
    EXPECT_THAT(connect().send(request("GET /livez")).answer(), StartsWith("HTTP/1.1 200"));

    EXPECT_THAT(local.send(request("GET /livez")).answer(), StartsWith("HTTP/1.1 200"));
    EXPECT_EQ(server->counts(1).evicted, 0U);
    EXPECT_GT(server->counts(0).evicted, 0U);
}

TEST(PeerOfAUnixSocket, IsTrustedAsRootOrTheSameUserAlone) {
    EXPECT_TRUE(is_trusted(0, 1000));
    EXPECT_TRUE(is_trusted(1000, 1000));
    EXPECT_FALSE(is_trusted(1001, 1000));
    EXPECT_FALSE(is_trusted(65534, 65534)) << "the overflow id stands for users that are not known";
    EXPECT_FALSE(is_trusted(65534, 0));
    EXPECT_FALSE(is_trusted(1000, 0));
    EXPECT_FALSE(is_trusted(std::nullopt, 1000)) << "it came by TCP";
}

// ---- Addresses

TEST_F(Server, IsAloneOnItsPort) {
    const auto taken = server->endpoints();
    const std::vector<ListenAddress> addresses(taken.begin(), taken.end());
    try {
        const ControlServer second(addresses, {}, Log{});
        FAIL() << "two servers on one port";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Error::os);
        EXPECT_THAT(error.what(),
                    AllOf(HasSubstr(taken[0].to_string()), HasSubstr("already in use")));
    }
    server->stop();
    const ControlServer after(addresses, {}, Log{});  // and free again at once
}

TEST_F(Server, SaysWhichAddressItCannotHave) {
    try {
        const ControlServer elsewhere({Endpoint{"203.0.113.1", 0}}, {}, Log{});
        FAIL() << "that address is not this machine's";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("203.0.113.1:0"));
    }
    EXPECT_THROW(ControlServer({Endpoint{"no-such-host.invalid", 1}}, {}, Log{}), Error);
}

TEST_F(Server, ListensOnEachAddress) {
    try {
        start({Endpoint{"127.0.0.1", 0}, Endpoint{"::1", 0}, Endpoint{"localhost", 0}});
    } catch (const Error& error) {
        GTEST_SKIP() << "no IPv6 here: " << error.what();
    }
    ASSERT_EQ(server->endpoints().size(), 3U);
    for (const auto& endpoint : server->endpoints()) {
        EXPECT_NE(endpoint.port, 0);
        EXPECT_THAT(Client(endpoint).send("GET /status HTTP/1.0\r\nHost: [::1]\r\n\r\n").all(),
                    StartsWith("HTTP/1.1 200"));
    }
}

TEST_F(Server, WithstandsManyAtOnce) {
    std::vector<std::future<int>> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(std::async(std::launch::async, [this] {
            auto client = connect();
            int good = 0;
            for (int n = 0; n < 50; ++n) {
                client.send(request("GET /leader"));
                good += client.answer().starts_with("HTTP/1.1 503 ") ? 1 : 0;
            }
            return good;
        }));
    }
    for (auto& each : clients) EXPECT_EQ(each.get(), 50);
}

}  // namespace
}  // namespace electiond::testing
