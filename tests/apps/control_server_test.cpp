// The control API over real sockets: what is sent here is what a careless, broken or hostile client
// sends.
#include <Poco/Exception.h>
#include <Poco/Net/StreamSocket.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "control/server.h"
#include "control_bench.h"

namespace electiond::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A client that knows no HTTP but where an answer ends.
class Client {
  public:
    explicit Client(const Endpoint& to) : socket_(Poco::Net::SocketAddress(to.host, to.port)) {
        socket_.setReceiveTimeout(Poco::Timespan(30, 0));
    }

    Client& send(const std::string& bytes) {
        try {
            for (std::size_t sent = 0; sent < bytes.size();) {
                sent += static_cast<std::size_t>(socket_.sendBytes(
                    bytes.data() + sent, static_cast<int>(bytes.size() - sent), MSG_NOSIGNAL));
            }
        } catch (const Poco::Exception&) {  // the other side has heard enough
        }
        return *this;
    }
    Client& send_no_more() {
        socket_.shutdownSend();
        return *this;
    }

    [[nodiscard]] bool is_answered() const {
        return socket_.poll(0, Poco::Net::Socket::SELECT_READ);
    }

    // One answer, with its head; without its body where there is none (HEAD).
    std::string answer(bool has_body = true) {
        while (got_.find("\r\n\r\n") == std::string::npos && receive()) {
        }
        const auto end = std::min(got_.find("\r\n\r\n"), got_.size() - 4) + 4;
        const auto field = got_.find("Content-Length: ");
        const auto length = has_body && field < end ? std::stoul(got_.substr(field + 16)) : 0;
        while (got_.size() < end + length && receive()) {
        }
        const auto whole = got_.substr(0, end + length);
        got_.erase(0, whole.size());
        return whole;
    }
    // All until the server closes.
    std::string all() {
        while (receive()) {
        }
        return std::exchange(got_, "");
    }

  private:
    bool receive() {
        char bytes[4096];
        const int count = socket_.receiveBytes(bytes, sizeof bytes);
        if (count > 0) got_.append(bytes, static_cast<std::size_t>(count));
        return count > 0;
    }

    Poco::Net::StreamSocket socket_;
    std::string got_;
};

std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

class Server : public ::testing::Test, public ControlBench {
  protected:
    void SetUp() override { start({{"127.0.0.1", 0}}, 4); }

    void start(const std::vector<Endpoint>& listen, int threads, Milliseconds request_time = 5s) {
        server.reset();
        auto all = faces();
        all.now = [this] {
            ++looks;
            return read_boot_clock();
        };
        routes = std::make_unique<ControlRoutes>(all, 2);
        server = std::make_unique<ControlServer>(listen, threads, Log{}, request_time);
        server->start(*routes);
    }
    Client connect() { return Client(server->endpoints().front()); }
    // What the server says to these bytes, until it closes.
    std::string told(const std::string& bytes) { return connect().send(bytes).all(); }

    std::atomic<int> looks = 0;  // at the clock, by routes
    std::unique_ptr<ControlRoutes> routes;
    std::unique_ptr<ControlServer> server;
};

// A refusal is whole, forbids caching, and ends the connection.
void expect_refusal(const std::string& answer, int status) {
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(status) + " "));
    EXPECT_THAT(answer, HasSubstr("\r\nCache-Control: no-store\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: application/problem+json\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: Close\r\n"));
    ASSERT_THAT(answer, EndsWith("}"));
    EXPECT_EQ(json(body_of(answer))->getValue<int>("status"), status);
}

TEST_F(Server, AnswersAndGoesOn) {
    auto client = connect();
    for (int i = 0; i < 3; ++i) {
        const auto answer = client.send("GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").answer();
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_THAT(answer, HasSubstr("\r\nCache-Control: no-store\r\n"));
        EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: application/json\r\n"));
        EXPECT_EQ(json(body_of(answer))->getValue<std::string>("id"), "1");
    }
}

TEST_F(Server, AnswersWhatComesAtOnceInItsOrder) {
    auto client = connect();
    client.send(
        "GET /leader HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc\r\nHEAD /status HTTP/1.1\r\n\r\n"
        "OPTIONS /status HTTP/1.1\r\n\r\nGET / HTTP/1.1\n\n");
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(client.answer(false), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(
        client.answer(),
        AllOf(StartsWith("HTTP/1.1 204 No Content"), HasSubstr("\r\nAllow: GET, HEAD, OPTIONS\r\n"),
              HasSubstr("\r\nCache-Control: no-store\r\n"), Not(HasSubstr("Content-Length"))));
    EXPECT_THAT(client.answer(), HasSubstr(R"("name":"electiond")"));
}

TEST_F(Server, SendsTheLengthAloneToHead) {
    const auto full = told("GET /members HTTP/1.0\r\n\r\n");
    const auto head = told("HEAD /members HTTP/1.0\r\n\r\n");
    EXPECT_EQ(body_of(head), "");
    EXPECT_THAT(head, HasSubstr("\r\nContent-Length: " + std::to_string(body_of(full).size())));
    EXPECT_EQ(body_of(told("HEAD /nothing HTTP/1.1\r\n\r\n")), "");
}

TEST_F(Server, ClosesAfterHttp10AndWhereAsked) {
    EXPECT_THAT(told("GET /status HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(told("GET /status HTTP/1.1\r\nConnection: close\r\n\r\n"),
                StartsWith("HTTP/1.1 200"));
    auto client = connect();
    client.send("GET /status HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(client.send("GET /nothing HTTP/1.1\r\n\r\n").all(), StartsWith("HTTP/1.1 404"));
}

// As HAProxy asks: OPTIONS, HTTP/1.0, no Host; older ones send a body of their own, too.
TEST_F(Server, AnswersHealthChecksAsItAnswersGet) {
    for (const char* method : {"GET", "HEAD", "OPTIONS"}) {
        for (const char* rest : {" HTTP/1.0\r\n\r\n", " HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi",
                                 "?wait=60s&index=99 HTTP/1.1\r\nConnection: close\r\n\r\n"}) {
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
        answer = client.send("GET /status HTTP/1.1\r\n\r\n").answer();
        ++answers;
        ASSERT_THAT(answer, StartsWith("HTTP/1.1 200")) << "answer " << answers;
    } while (answer.find("Connection: Close") == std::string::npos);
    EXPECT_EQ(answers, 1000);
    EXPECT_EQ(client.all(), "");
}

TEST_F(Server, NamesWhatIsAllowed) {
    const auto answer = told("PATCH /status HTTP/1.1\r\n\r\n");
    expect_refusal(answer, 405);
    EXPECT_THAT(answer, HasSubstr("\r\nAllow: GET, HEAD, OPTIONS\r\n"));
}

TEST_F(Server, RefusesChunksAndWhatIsHiddenInThem) {
    for (const char* also : {"", "Content-Length: 5\r\n"}) {
        const auto answer = told(std::string("POST /step-down HTTP/1.1\r\n") + also +
                                 "Transfer-Encoding: chunked\r\n\r\nzz\r\nGET /status HTTP/1.1\r\n"
                                 "\r\n0\r\n\r\n");
        expect_refusal(answer, 411);  // and nothing else
    }
    expect_refusal(told("GET /status HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n"
                        "0\r\n\r\nGET /status HTTP/1.1\r\n\r\n"),
                   400);
}

TEST_F(Server, TakesAPostWithoutABodyForAnEmptyOne) {
    mailbox = [](Event event) {
        std::get<Wish>(event).done({.successor = NodeId("2"), .term = 8});
        return true;
    };
    EXPECT_THAT(told("POST /step-down HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                EndsWith(R"({"message":"Stepped down successfully","successor":"2","term":8})"));
    auto client = connect();
    for (int i = 0; i < 2; ++i) {
        client.send("POST /step-down HTTP/1.1\r\nContent-Length: 10\r\n\r\n{\"to\":\"2\"}");
        EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 200"));
    }
}

TEST_F(Server, NeverActsOnHalfARequest) {
    mailbox = [](const Event&) {
        ADD_FAILURE() << "half a request reached the election";
        return false;
    };
    const std::string head = "POST /step-down HTTP/1.1\r\nContent-Length: 10\r\n\r\n";
    expect_refusal(connect().send(head + "{\"to\"").send_no_more().all(), 400);
    expect_refusal(connect().send(head).send_no_more().all(), 400);
    expect_refusal(connect().send("POST /step-down HTTP/1.1\r\nHo").send_no_more().all(), 400);
    expect_refusal(connect().send("POST /step-down HTTP/1.1\r\n").send_no_more().all(), 400);
    EXPECT_EQ(connect().send_no_more().all(), "");
    EXPECT_EQ(connect().send("\r\n\r\n").send_no_more().all(), "");
}

TEST_F(Server, RefusesALargeBodyWithoutReadingIt) {
    expect_refusal(told("POST /step-down HTTP/1.1\r\nContent-Length: 16385\r\n\r\n"), 413);
    expect_refusal(told("POST /step-down HTTP/1.1\r\nContent-Length: "
                        "99999999999999999999999\r\n\r\n"),
                   413);
    expect_refusal(told("GET /status HTTP/1.1\r\nContent-Length: 20000\r\n\r\n"), 413);
    // Who has sent it all already can still read the answer.
    const std::string megabyte(1024 * 1024, 'x');
    expect_refusal(told("POST /step-down HTTP/1.1\r\nContent-Length: 1048576\r\n\r\n" + megabyte),
                   413);
}

TEST_F(Server, TakesABodyOfSixteenKibibytes) {
    const std::string body(16 * 1024, 'x');
    expect_refusal(told("POST /step-down HTTP/1.1\r\nContent-Length: 16384\r\n\r\n" + body), 400);
}

TEST_F(Server, RefusesALengthThatIsNone) {
    for (const char* length : {"-1", "+5", "0x10", "5, 5", "5\r\nContent-Length: 5", "five", ""}) {
        expect_refusal(told(std::string("POST /step-down HTTP/1.1\r\nContent-Length: ") + length +
                            "\r\n\r\n12345"),
                       400);
    }
}

TEST_F(Server, LetsAClientGoOnThatAsksFirst) {
    auto client = connect();
    client.send("POST /step-down HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
    EXPECT_EQ(client.answer(false), "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_THAT(client.send("{").all(), StartsWith("HTTP/1.1 400"));

    expect_refusal(told("POST /step-down HTTP/1.1\r\nExpect: 100-continue\r\n"
                        "Content-Length: 99999\r\n\r\n"),
                   413);  // at once, without a 100
}

TEST_F(Server, RefusesWhatIsNoHttp) {
    std::string many = "GET /status HTTP/1.1\r\n";
    for (int i = 0; i < 200; ++i) many += "X-" + std::to_string(i) + ": x\r\n";
    const std::string tls("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n", 13);
    for (const auto& bytes :
         {std::string("nonsense\r\n\r\n"), std::string("GET\r\n\r\n"), many + "\r\n", tls,
          "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n",
          "GET /status HTTP/1.1\r\nX: " + std::string(9000, 'a') + "\r\n\r\n",
          std::string("GET /status HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"),
          std::string("GET status HTTP/1.1\r\n\r\n"), std::string("GET /\x1b[31m HTTP/1.1\r\n\r\n"),
          std::string("G(T /status HTTP/1.1\r\n\r\n")}) {
        SCOPED_TRACE(bytes.substr(0, 60));
        expect_refusal(told(bytes), 400);
    }
    expect_refusal(told("GET /status HTTP/1.1\r\nX: " + std::string(40'000, 'a')), 431);
    expect_refusal(told("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
}

TEST_F(Server, RefusesForeignHostsAndOrigins) {
    expect_refusal(told("GET /status HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 403);
    expect_refusal(told("POST /step-down HTTP/1.1\r\nHost: localhost\r\n"
                        "Origin: http://evil.example\r\nContent-Length: 0\r\n\r\n"),
                   403);
}

TEST_F(Server, CutsAClientThatDripsOrSaysNothing) {
    start({{"127.0.0.1", 0}}, 4, 300ms);
    EXPECT_EQ(connect().all(), "");
    expect_refusal(told("GET /status HTTP/1.1\r\nHost:"), 408);
    expect_refusal(told("POST /step-down HTTP/1.1\r\nContent-Length: 5\r\n\r\n{"), 408);

    // A byte now and then does not help: the request has one deadline.
    auto client = connect();
    std::promise<void> over;
    std::thread drip([&, done = over.get_future()] {
        while (done.wait_for(20ms) == std::future_status::timeout) client.send("x");
    });
    const auto answer = client.all();
    over.set_value();
    drip.join();
    expect_refusal(answer, 408);
}

TEST_F(Server, ServesOthersAgainWhenIdleOnesHaveHeldEveryThread) {
    start({{"127.0.0.1", 0}}, 2, 300ms);
    auto first = connect();
    auto second = connect();
    for (auto* each : {&first, &second}) {
        each->send("GET /status HTTP/1.1\r\n\r\n");
        EXPECT_THAT(each->answer(), StartsWith("HTTP/1.1 200"));
    }
    EXPECT_THAT(told("GET /status HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(Server, MakesRoomForWhoAsksWhereOthersOnlyHoldTheirPlaces) {
    start({{"127.0.0.1", 0}}, 4, 60s);
    std::vector<Client> idle;
    for (int i = 0; i < 4; ++i) {
        idle.push_back(connect());
        EXPECT_THAT(idle.back().send("GET /leader HTTP/1.1\r\nHost: x\r\n\r\n").answer(),
                    HasSubstr("HTTP/1.1"));
    }
    std::vector<Client> dripping;
    for (int i = 0; i < 40; ++i) dripping.push_back(connect().send("GET /leader HTTP/1.1\r\nX:"));

    const auto asked = read_boot_clock();
    std::string answer;
    do {  // where too many wait, who comes is sent away
        answer = connect().send("GET /leader HTTP/1.0\r\nHost: x\r\n\r\n").all();
    } while (answer.empty());

    EXPECT_THAT(answer, StartsWith("HTTP/1.1 "));
    EXPECT_LT(read_boot_clock() - asked, 20s) << "far less than a request may take";
}

TEST_F(Server, MakesA500OfWhateverIsThrown) {
    auto all = faces();
    all.discoveries = []() -> std::vector<ScoutReport> { throw std::runtime_error("broken"); };
    ControlRoutes broken(all, 2);
    server = std::make_unique<ControlServer>(std::vector<Endpoint>{{"127.0.0.1", 0}}, 4, Log{});
    server->start(broken);
    expect_refusal(told("GET /status HTTP/1.1\r\n\r\n"), 500);
    EXPECT_THAT(told("GET /leader HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 503"));
    server.reset();
}

TEST_F(Server, KeepsThreadsFreeOfLongPolls) {
    std::vector<Client> polls;
    for (int i = 0; i < 3; ++i) {
        polls.push_back(std::move(
            connect().send("GET /leader?wait=60s HTTP/1.1\r\nConnection: close\r\n\r\n")));
    }
    // There are two seats: whoever comes last of the three is answered at once.
    while (std::ranges::none_of(polls, &Client::is_answered)) std::this_thread::yield();
    EXPECT_EQ(std::ranges::count_if(polls, &Client::is_answered), 1);

    EXPECT_THAT(told("GET /status HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));

    auto status = blank();
    ++status.index;
    board.publish(status);
    const auto news = "\"index\":" + std::to_string(status.index);
    EXPECT_EQ(std::ranges::count_if(
                  polls, [&](auto& each) { return each.all().find(news) != std::string::npos; }),
              2);
}

TEST_F(Server, GivesUpALongPollWhoseClientHungUp) {
    // More of them than there are seats and threads: if one held its seat for its minute, the last
    // could not wait for its change.
    for (int i = 0; i < 8; ++i) {
        connect().send("GET /leader?wait=60s HTTP/1.1\r\n\r\n");
        EXPECT_THAT(told("GET /status HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
    }
}

TEST_F(Server, StopsAtOnceAndAnswersWhatWaits) {
    auto polling = connect();
    polling.send("GET /leader?wait=60s HTTP/1.1\r\n\r\n");
    while (looks < 5) std::this_thread::yield();  // it waits
    auto idle = connect();
    idle.send("GET /status HTTP/1.1\r\n\r\n");
    EXPECT_THAT(idle.answer(), StartsWith("HTTP/1.1 200"));
    auto half = connect();
    half.send("GET /status HTTP/1.1\r\n\r\nGET /status HTTP/1.1\r\nHo");
    EXPECT_THAT(half.answer(), StartsWith("HTTP/1.1 200"));

    const auto begin = std::chrono::steady_clock::now();
    server->stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);  // 5 s and 60 s are what it cut short

    EXPECT_THAT(polling.all(), StartsWith("HTTP/1.1 503"));
    EXPECT_EQ(idle.all(), "");
    EXPECT_THAT(half.all(), Not(HasSubstr("200 OK")));
    server->stop();
}

TEST_F(Server, IsAloneOnItsPort) {
    const auto taken = server->endpoints();
    try {
        const ControlServer second(taken, 4, Log{});
        FAIL() << "two servers on one port";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Error::os);
        EXPECT_THAT(error.what(),
                    AllOf(HasSubstr(taken[0].to_string()), HasSubstr("already in use")));
    }
    server->stop();
    const ControlServer after(taken, 4, Log{});  // and free again at once
}

TEST_F(Server, SaysWhichAddressItCannotHave) {
    try {
        const ControlServer elsewhere({{"203.0.113.1", 0}}, 4, Log{});
        FAIL() << "that address is not this machine's";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("203.0.113.1:0"));
    }
    EXPECT_THROW(ControlServer({{"no-such-host.invalid", 1}}, 4, Log{}), Error);
}

TEST_F(Server, ListensOnEachAddress) {
    try {
        start({{"127.0.0.1", 0}, {"::1", 0}, {"localhost", 0}}, 4);
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
    start({{"127.0.0.1", 0}}, 8);
    std::vector<std::future<int>> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(std::async(std::launch::async, [this] {
            auto client = connect();
            int good = 0;
            for (int n = 0; n < 50; ++n) {
                client.send("GET /leader HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
                good += client.answer().starts_with("HTTP/1.1 503 ") ? 1 : 0;
            }
            return good;
        }));
    }
    for (auto& each : clients) EXPECT_EQ(each.get(), 50);
}

}  // namespace
}  // namespace electiond::testing
