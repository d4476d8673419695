// Where the control API listens: several addresses, those it cannot have, and a Unix socket.
#include <gmock/gmock.h>

#include <filesystem>

#include <stdlib.h>

#include "control/session.h"
#include "control_scene.h"

namespace electiond::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

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

}  // namespace
}  // namespace electiond::testing
