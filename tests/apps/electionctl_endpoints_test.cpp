// electionctl and its endpoints: how they are named, and servers that hang, break off or are no
// API.
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/Net/TCPServerConnection.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "electionctl/endpoint.h"
#include "electionctl_scene.h"
#include "fake_api.h"

namespace electiond::ctl {
namespace {

using electiond::testing::dead_url;
using electiond::testing::FakeApi;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Electionctl, ReadsEndpointsInEveryShape) {
    EXPECT_EQ(parse_endpoint("127.0.0.1:3001"), "http://127.0.0.1:3001");
    EXPECT_EQ(parse_endpoint("node1:3001"), "http://node1:3001");
    EXPECT_EQ(parse_endpoint("http://[::1]:3001/"), "http://[::1]:3001");
    EXPECT_EQ(parse_endpoint("http://proxy:80/election/"), "http://proxy:80/election");
    EXPECT_EQ(parse_endpoint("http://proxy:80/a%20b"), "http://proxy:80/a%20b");
    EXPECT_EQ(parse_endpoint("https://node1:3001/"), "https://node1:3001");
    EXPECT_EQ(parse_endpoint("HTTPS://node1"), "https://node1:7400");
    EXPECT_EQ(parse_endpoint("node1", Scheme::https), "https://node1:7400");
    EXPECT_EQ(parse_endpoint("http://node1", Scheme::https), "http://node1:7400");
    EXPECT_EQ(parse_endpoint("unix:/run/electiond/api.sock"), "unix:/run/electiond/api.sock");
    EXPECT_EQ(parse_endpoint("unix:///run//api.sock"), "unix:/run/api.sock");
}

TEST(Electionctl, TakesPort7400WhereNoneIsNamed) {
    EXPECT_EQ(parse_endpoint("127.0.0.1"), "http://127.0.0.1:7400");
    EXPECT_EQ(parse_endpoint("http://node1"), "http://node1:7400");
    EXPECT_EQ(parse_endpoint("[::1]"), "http://[::1]:7400");
    EXPECT_EQ(parse_endpoint("http://proxy/election/"), "http://proxy:7400/election");
}

// Whatever a node reports, a request by TLS is followed only by TLS, and never by one to a Unix
// socket.
TEST(Electionctl, AsksAReportedAddressAsTheNodeThatReportsIt) {
    const std::string api = "10.0.0.2:7400";
    for (const auto bare : {Scheme::http, Scheme::https}) {
        EXPECT_EQ(reported_endpoint(api, "https://node1:7400", bare), "https://" + api);
        EXPECT_EQ(reported_endpoint(api, "http://node1:7400", bare), "http://" + api);
        for (const auto* other : {"http://10.0.0.2:7400", "https://10.0.0.2:7400", "unix:/tmp/x",
                                  "", "10.0.0.2:x", "user:secret@10.0.0.2:7400"}) {
            EXPECT_EQ(reported_endpoint(other, "https://node1:7400", bare), std::nullopt) << other;
        }
    }
    EXPECT_EQ(reported_endpoint(api, "unix:/run/api.sock", Scheme::https), "https://" + api);
    EXPECT_EQ(reported_endpoint(api, "unix:/run/api.sock", Scheme::http), "http://" + api);
}

TEST(Electionctl, KnowsWhichEndpointsMeanTheMachineThatAsks) {
    for (const auto* own : {"127.0.0.1:7400", "127.1.2.3", "[::1]:7400", "localhost",
                            "https://127.0.0.1:7400/election"}) {
        EXPECT_TRUE(is_loopback(parse_endpoint(own))) << own;
    }
    for (const auto* other : {"10.0.0.2:7400", "[2001:db8::1]", "node1", "127.example.org",
                              "unix:/run/electiond/api.sock"}) {
        EXPECT_FALSE(is_loopback(parse_endpoint(other))) << other;
    }
}

TEST(Electionctl, RefusesASocketThatCannotBe) {
    const std::string longest = "/" + std::string(106, 'x');
    EXPECT_EQ(parse_endpoint("unix:" + longest), "unix:" + longest);

    for (const auto& text : {std::string("unix:"), std::string("unix:api.sock"),
                             std::string("unix:/run/"), "unix:" + longest + "x"}) {
        const Result result = ask(text, {"status"});
        EXPECT_EQ(result.code, 64) << text;
        EXPECT_THAT(result.err,
                    HasSubstr("expected https://host:port, http://host:port or unix:/path"));
    }
}

// A folder of the test's own for sockets.
class ElectionctlSocket : public ::testing::Test {
  protected:
    ElectionctlSocket() {
        std::string name = (std::filesystem::temp_directory_path() / "ctl-XXXXXX").string();
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    ~ElectionctlSocket() override { std::filesystem::remove_all(folder_); }

    // What is left of a daemon that was killed.
    [[nodiscard]] std::filesystem::path left_over() const {
        const auto path = folder_ / "left-over";
        Poco::Net::ServerSocket socket(
            Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, path.string()));
        return path;
    }

    std::filesystem::path folder_;
};

TEST_F(ElectionctlSocket, IsAskedAsAnyEndpoint) {
    FakeApi api(folder_ / "api.sock");
    api.on("GET /status", {200, kStatus});
    api.on("POST /step-down", {200, R"({"successor":"2","term":8})"});

    const Result status = ask(api.url(), {"status"});
    const Result after_a_dead_one = ask(dead_url() + "," + api.url(), {"status"});
    const Result change = ask(api.url(), {"step-down"});

    EXPECT_EQ(status.code, 0) << status.err;
    EXPECT_THAT(status.out, HasSubstr("unix:" + (folder_ / "api.sock").string()));
    EXPECT_EQ(after_a_dead_one.code, 0) << after_a_dead_one.err;
    EXPECT_EQ(change.code, 0) << change.err;
    EXPECT_EQ(api.seen().at(0).host, "localhost");
    EXPECT_EQ(api.seen().at(0).path, "/status");
}

TEST_F(ElectionctlSocket, IsTheEndpointWhereItsFileExists) {
    FakeApi api(folder_ / "api.sock");
    api.on("GET /status", {200, kStatus});

    const Result result = run_words({"status"}, folder_ / "api.sock");

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(api.seen().size(), 1U);
    EXPECT_EQ(default_endpoint(folder_ / "api.sock"), api.url());
    EXPECT_EQ(default_endpoint(folder_ / "none"), "http://127.0.0.1:7400");
}

TEST_F(ElectionctlSocket, IsTheOnlyTryAlsoWhereNobodyListens) {
    const auto path = left_over();

    const Result result = run_words({"status"}, path);

    EXPECT_EQ(result.code, 69);
    EXPECT_THAT(result.err, HasSubstr("GET /status at unix:" + path.string() +
                                      ": connection refused: the file exists, but no electiond "
                                      "listens on it; start electiond"));
    EXPECT_THAT(result.err, Not(HasSubstr("7400")));
}

TEST_F(ElectionctlSocket, ThatIsMissingOrClosedToUsIsUnreachable) {
    const Result missing = ask("unix:" + (folder_ / "none").string(), {"is-leader"});
    EXPECT_EQ(missing.code, 2);
    EXPECT_THAT(missing.err,
                HasSubstr("/leader at unix:" + (folder_ / "none").string() + ": no such socket"));
    EXPECT_EQ(ask("unix:" + (folder_ / "none").string(), {"status"}).code, 69);
}

TEST_F(ElectionctlSocket, ThatHangsTimesOut) {
    FakeApi api(folder_ / "api.sock");
    api.hang_on("GET /status");

    const Result result = ask(api.url(), {"--timeout", "200ms", "status"});

    EXPECT_EQ(result.code, 75);
    EXPECT_THAT(result.err, HasSubstr("no answer within 200 ms"));
}

// The kernel lets a connect wait while the listener's queue is full.
TEST_F(ElectionctlSocket, WhoseQueueIsFullTimesOut) {
    using Poco::Net::SocketAddress;
    using Poco::Net::StreamSocket;
    const SocketAddress address(SocketAddress::UNIX_LOCAL, (folder_ / "api.sock").string());
    Poco::Net::ServerSocket busy;
    busy.bind(address);
    busy.listen(1);
    std::vector<StreamSocket> waiting;
    for (int i = 0; i < 2; ++i) waiting.emplace_back(address);

    const Result result =
        ask("unix:" + (folder_ / "api.sock").string(), {"--timeout", "200ms", "status"});

    EXPECT_EQ(result.code, 69);
    EXPECT_THAT(result.err, HasSubstr("no connection within 200 ms"));
}

TEST_F(ElectionctlSocket, OfALeaderIsNotMistakenForNoLeader) {
    FakeApi api(folder_ / "api.sock");
    api.on("POST /step-down", {400, R"({"error":"Not currently leader"})"});
    api.on("GET /cluster",
           {200, R"({"cluster":[{"id":"2","api":null}],"leader":{"id":"2","api":null}})"});

    const Result result = ask(api.url(), {"step-down"});

    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.err, HasSubstr("node 2 leads, but its API listens only on its own machine"));
}

TEST(Electionctl, TakesEndpointsAndTokenFromTheEnvironment) {
    FakeApi api;
    api.on("GET /status", {200, kStatus});
    ASSERT_EQ(setenv("ELECTIONCTL_ENDPOINTS", (dead_url() + ", " + api.url()).c_str(), 1), 0);
    ASSERT_EQ(setenv("ELECTIONCTL_TOKEN", "t0ken", 1), 0);

    const Result result = run_words({"status"});

    unsetenv("ELECTIONCTL_ENDPOINTS");
    unsetenv("ELECTIONCTL_TOKEN");
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(api.seen().at(0).authorization, "Bearer t0ken");
}

TEST(Electionctl, ListsAllThatItTriedWhenNobodyAnswers) {
    FakeApi html, truncated, foreign, refusing_proxy;
    html.on("GET /status", {200, "<html>welcome</html>"});
    truncated.on("GET /status", {200, kStatus, true});
    foreign.on("GET /status", {200, R"({"hello":"world"})"});
    refusing_proxy.on("GET /status", {502, "Bad Gateway"});
    const std::string all = dead_url() + "," + html.url() + "," + truncated.url() + "," +
                            foreign.url() + "," + refusing_proxy.url();

    const Result result = ask(all, {"status"});

    EXPECT_EQ(result.code, 69);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr(dead_url() + "/status: connection refused"));
    EXPECT_THAT(result.err,
                HasSubstr(html.url() + "/status: answered HTTP 200, but not with JSON"));
    EXPECT_THAT(result.err,
                HasSubstr(truncated.url() + "/status: closed the connection in the middle"));
    EXPECT_THAT(result.err, HasSubstr(foreign.url() + "/status: answered HTTP 200 without 'id'"));
    EXPECT_THAT(result.err, HasSubstr(refusing_proxy.url() + "/status: answered HTTP 502"));
    EXPECT_THAT(result.err, HasSubstr("is electiond running there?"));
}

TEST(Electionctl, GoesOnToTheNextEndpointFromOneThatHangs) {
    FakeApi hanging, good;
    hanging.hang_on("GET /status");
    good.on("GET /status", {200, kStatus});

    EXPECT_EQ(ask(hanging.url() + "," + good.url(), {"--timeout", "200ms", "status"}).code, 0);

    const Result alone = ask(hanging.url(), {"--timeout", "200ms", "status"});
    EXPECT_EQ(alone.code, 75);
    EXPECT_THAT(alone.err, HasSubstr("no answer within 200 ms"));
}

TEST(Electionctl, SaysThatItIsNotKnownWhetherAChangeWasDone) {
    FakeApi hanging;
    hanging.hang_on("POST /step-down");

    const Result result = ask(hanging.url(), {"--timeout", "200ms", "step-down"});

    EXPECT_EQ(result.code, 75);
    EXPECT_THAT(result.err, HasSubstr("it is not known whether this was done"));
    EXPECT_EQ(hanging.seen().size(), 1U);
}

// Answers a request with bytes that are not HTTP, or with none.
class Mumble : public Poco::Net::TCPServerConnection {
  public:
    explicit Mumble(const Poco::Net::StreamSocket& socket) : TCPServerConnection(socket) {}
    void run() override {
        std::array<char, 1024> buffer{};
        socket().receiveBytes(buffer.data(), static_cast<int>(buffer.size()));
        const std::string bytes = "\x16\x03\x01 no http \r\n\r\n";
        socket().sendBytes(bytes.data(), static_cast<int>(bytes.size()));
    }
};

TEST(Electionctl, SurvivesServersThatSpeakNoHttp) {
    Poco::Net::ServerSocket socket;
    socket.bind(Poco::Net::SocketAddress("127.0.0.1", 0), true, false);
    socket.listen();
    Poco::ThreadPool threads;
    Poco::Net::TCPServer server(new Poco::Net::TCPServerConnectionFactoryImpl<Mumble>, threads,
                                socket);
    server.start();

    const Result result = ask(socket.address().toString(), {"status"});

    server.stop();
    threads.joinAll();
    EXPECT_EQ(result.code, 69);
    EXPECT_THAT(result.err,
                ContainsRegex("does not speak HTTP|closed the connection|not with JSON"));
}

}  // namespace
}  // namespace electiond::ctl
