// The HTTP of the control API over real sockets: requests as they should be, and broken ones.
#include <gmock/gmock.h>

#include <algorithm>

#include "control_scene.h"

namespace electiond::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

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

}  // namespace
}  // namespace electiond::testing
