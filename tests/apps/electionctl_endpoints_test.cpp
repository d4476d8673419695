// electionctl and its endpoints: how they are named, and servers that hang, break off or are no
// API.
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/Net/TCPServerConnection.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "electionctl/arguments.h"
#include "electionctl_scene.h"
#include "fake_api.h"

namespace electiond::ctl {
namespace {

using electiond::testing::dead_url;
using electiond::testing::FakeApi;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

TEST(Electionctl, ReadsEndpointsInEveryShape) {
    EXPECT_EQ(parse_endpoint("127.0.0.1:3001"), "http://127.0.0.1:3001");
    EXPECT_EQ(parse_endpoint("node1:3001"), "http://node1:3001");
    EXPECT_EQ(parse_endpoint("http://[::1]:3001/"), "http://[::1]:3001");
    EXPECT_EQ(parse_endpoint("http://proxy/election/"), "http://proxy/election");
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
    EXPECT_THAT(result.err, HasSubstr(html.url() + "/status: answered HTTP 200, but no JSON"));
    EXPECT_THAT(result.err, HasSubstr(truncated.url() + "/status: broke off"));
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

TEST(Electionctl, NeverRepeatsAChangeThatMayHaveBeenDone) {
    FakeApi hanging, other;
    hanging.hang_on("POST /step-down");
    other.on("POST /step-down", {200, R"({"successor":"2","term":8})"});

    const Result result =
        ask(hanging.url() + "," + other.url(), {"--timeout", "200ms", "step-down"});

    EXPECT_EQ(result.code, 75);
    EXPECT_THAT(result.err, HasSubstr("it is not known whether this was done"));
    EXPECT_TRUE(other.seen().empty());
}

// Answers a request with bytes that are no HTTP, or with none.
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
    EXPECT_THAT(result.err, ContainsRegex("does not speak HTTP|closed the connection|no JSON"));
}

}  // namespace
}  // namespace electiond::ctl
