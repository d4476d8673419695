// electionctl over https: every verb, both certificates, and no request in plain text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "electionctl_scene.h"
#include "fake_api.h"
#include "support/test_ca.h"
#include "tls_front.h"

namespace electiond::ctl {
namespace {

using electiond::testing::Canned;
using electiond::testing::dead_url;
using electiond::testing::event;
using electiond::testing::FakeApi;
using electiond::testing::Seen;
using electiond::testing::TlsFront;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Words = std::vector<std::string>;

constexpr const char* kOperator = "URI:electiond://demo/role/operator";

std::string cluster_with_leader_at(const std::string& api) {
    return R"({"cluster":[{"id":"1","state":"LEADER","term":7,"leaderId":"1","online":true,"api":")" +
           api + R"("}],"leader":{"id":"1","state":"LEADER","term":7,"api":")" + api +
           R"("},"term":7,"voters":3,"quorum":2,"canLose":1})";
}

// An API behind TLS that asks for a certificate, and one of an operator.
class Tls : public ::testing::Test {
  protected:
    Tls() { serve_all(api_); }

    void serve_all(FakeApi& api) const {
        api.on("GET /status", {200, kStatus});
        api.on("GET /leader", {200, kLeads});
        api.on("GET /cluster", {200, cluster_with_leader_at(front_.host_and_port())});
        api.on("GET /members", {200, R"([{"id":"1","role":"voter"}])"});
        api.on("GET /history", {200, R"({"history":[]})"});
        api.on("POST /step-down", {200, R"({"successor":"2","term":8})"});
        api.on("POST /leave", {200, R"({"message":"Left"})"});
        api.on("DELETE /members/3", {200, R"({"message":"Removed"})"});
        api.stream(event("reset", 5, kLeads));
    }

    [[nodiscard]] io::TlsSetup asking_for_certificates() {
        const auto files = ca_.issue({.names = {"IP:127.0.0.1", "DNS:localhost"}});
        return {.cert = files.cert, .key = files.key, .ca = ca_.file(), .section = "api.tls"};
    }
    [[nodiscard]] io::TlsSetup asking_for_none() {
        auto setup = asking_for_certificates();
        setup.ca.clear();
        return setup;
    }

    // As the operator.
    [[nodiscard]] Result ask_as_operator(const std::string& endpoints, const Words& words) const {
        Words all{"--cacert", ca_.file().string(),   "--cert", operator_.cert.string(),
                  "--key",    operator_.key.string()};
        all.insert(all.end(), words.begin(), words.end());
        return ask(endpoints, all);
    }

    TestCa ca_;
    const TestCa::Files operator_ =
        ca_.issue({.names = {kOperator}, .server = false, .subject = "operator"});
    FakeApi api_;
    TlsFront front_{api_.host_and_port(), asking_for_certificates()};
};

TEST_F(Tls, CarriesEveryVerb) {
    const std::vector<Words> all{{"status"},
                                 {"cluster"},
                                 {"leader"},
                                 {"is-leader"},
                                 {"wait-leader"},
                                 {"wait-leader", "--me"},
                                 {"history"},
                                 {"members"},
                                 {"step-down"},
                                 {"members", "remove", "3"},
                                 {"members", "leave"},
                                 {"watch", "--count", "1"},
                                 {"watch", "--count", "1", "--exec", "true"},
                                 {"top", "--once"}};
    for (const auto& words : all) {
        const Result result = ask_as_operator(front_.url(), words);
        EXPECT_EQ(result.code, 0) << words[0] << ": " << result.err;
    }
    EXPECT_GE(front_.clients().size(), all.size());
    EXPECT_THAT(front_.clients(), Each(ElementsAre(kOperator)));
    EXPECT_THAT(front_.failures(), IsEmpty());
}

TEST_F(Tls, FindsTheServerByNameAndByAddress) {
    const auto port = std::to_string(front_.port());
    EXPECT_EQ(ask_as_operator("https://localhost:" + port, {"status"}).code, 0);
    EXPECT_EQ(ask_as_operator("https://127.0.0.1:" + port + "/", {"status"}).code, 0);
}

TEST_F(Tls, IsMeantByAnEndpointWithoutSchemeIfAFileForItIsGiven) {
    EXPECT_EQ(ask_as_operator(front_.host_and_port(), {"status"}).code, 0);
    EXPECT_THAT(ask_as_operator(front_.host_and_port(), {"status"}).out, HasSubstr(front_.url()));

    const Result plain = ask_as_operator("http://" + front_.host_and_port(), {"status"});
    EXPECT_EQ(plain.code, 64);
    EXPECT_THAT(plain.err, HasSubstr("is plain text: write " + front_.url()));
    EXPECT_EQ(default_endpoint("/nowhere", Scheme::https), "https://127.0.0.1:7400");
}

TEST_F(Tls, TakesItsFilesFromTheEnvironment) {
    ASSERT_EQ(setenv("ELECTIONCTL_CACERT", ca_.file().c_str(), 1), 0);
    ASSERT_EQ(setenv("ELECTIONCTL_CERT", operator_.cert.c_str(), 1), 0);
    ASSERT_EQ(setenv("ELECTIONCTL_KEY", operator_.key.c_str(), 1), 0);
    const Result bare = ask(front_.host_and_port(), {"status"});
    // An endpoint that begins with http:// stays plain text, and needs none of the files.
    ASSERT_EQ(setenv("ELECTIONCTL_CACERT", "/nowhere/ca.crt", 1), 0);
    const Result plain = ask(api_.url(), {"status"});
    const Result other = ask(front_.host_and_port(), {"--cacert", ca_.file(), "status"});
    for (const auto* name : {"ELECTIONCTL_CACERT", "ELECTIONCTL_CERT", "ELECTIONCTL_KEY"}) {
        unsetenv(name);
    }
    EXPECT_EQ(bare.code, 0) << bare.err;
    EXPECT_EQ(plain.code, 0) << plain.err;
    EXPECT_EQ(other.code, 0) << other.err << "the option counts before the environment";
}

TEST_F(Tls, SendsTheTokenToAServerWithoutClientCertificates) {
    const TlsFront front(api_.host_and_port(), asking_for_none());
    ASSERT_EQ(setenv("ELECTIONCTL_TOKEN", "t0ken", 1), 0);
    const Result result = ask(front.url(), {"--cacert", ca_.file(), "step-down"});
    unsetenv("ELECTIONCTL_TOKEN");
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(api_.seen().at(0).authorization, "Bearer t0ken");
    EXPECT_EQ(api_.seen().at(0).host, front.host_and_port());
}

// The API names its address without a scheme, as every node does.
TEST_F(Tls, GoesOnToTheLeaderThatANodeReports) {
    FakeApi follower;
    follower.on("GET /leader", {503, kFollows});
    follower.on("GET /cluster", {200, cluster_with_leader_at(front_.host_and_port())});
    follower.on("DELETE /members/3", {421, R"({"error":"Not leader"})"});
    const TlsFront before(follower.host_and_port(), asking_for_certificates());

    EXPECT_EQ(ask_as_operator(before.url(), {"members", "remove", "3"}).code, 0);
    EXPECT_EQ(
        ask_as_operator(before.url() + "," + "https://" + dead_url().substr(7), {"step-down"}).code,
        0);
    EXPECT_EQ(api_.count("/step-down"), 1U);
    EXPECT_THAT(front_.clients(), Not(IsEmpty()));
}

// An attacker who makes a node report an address would get the token and the change in plain text.
TEST_F(Tls, NeverFollowsAReportedAddressInPlainText) {
    FakeApi plain, follower;
    serve_all(plain);
    follower.on("GET /leader", {503, kFollows});
    const TlsFront before(follower.host_and_port(), asking_for_certificates());
    ASSERT_EQ(setenv("ELECTIONCTL_TOKEN", "t0ken", 1), 0);
    for (const auto& api : {plain.host_and_port(), plain.url()}) {
        follower.on("GET /cluster", {200, cluster_with_leader_at(api)});
        const Result change = ask_as_operator(before.url() + ",https://" + dead_url().substr(7),
                                              {"--timeout", "2s", "step-down"});
        EXPECT_EQ(change.code, 1) << change.err;
        EXPECT_EQ(ask_as_operator(before.url(), {"top", "--once"}).code, 0);
    }
    unsetenv("ELECTIONCTL_TOKEN");
    EXPECT_THAT(plain.seen(), IsEmpty());
    EXPECT_EQ(plain.count("/step-down"), 0U);
}

TEST_F(Tls, AsksByTlsWhatAUnixSocketReportsIfItsFilesAreGiven) {
    const auto file =
        std::filesystem::path(::testing::TempDir()) / ("ctl-tls-" + std::to_string(getpid()));
    {
        FakeApi follower(file);
        follower.on("DELETE /members/3", {421, R"({"error":"Not leader"})"});
        follower.on("GET /leader", {503, kFollows});
        follower.on("GET /cluster", {200, cluster_with_leader_at(front_.host_and_port())});
        const Result result = ask_as_operator(follower.url(), {"members", "remove", "3"});
        EXPECT_EQ(result.code, 0) << result.err;

        // Files that are not needed do no harm.
        const Result own = ask(follower.url(), {"--cacert", "/nowhere/ca.crt", "leader"});
        EXPECT_EQ(own.code, 0) << own.err;
        const Result others =
            ask(follower.url(), {"--cacert", "/nowhere/ca.crt", "members", "remove", "3"});
        EXPECT_EQ(others.code, 1);
    }
    std::filesystem::remove(file);
}

TEST_F(Tls, FollowsAStreamAndTakesItUpAgain) {
    std::atomic<int> streams = 0;
    api_.stream([&](const Seen& seen) {
        if (++streams == 1) return event("reset", 5, kLeads);
        EXPECT_EQ(seen.last_event_id, "5");
        return event("leader", 6, R"({"leaderId":"2","isLeader":false,"term":8,"index":6})");
    });
    std::jthread breaker([this] {
        while (api_.streams_open() == 0) std::this_thread::yield();
        api_.break_streams();
    });

    const Result result = ask_as_operator(front_.url(), {"watch", "--count", "2"});

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, ContainsRegex("leader=1 term=7.*\n.*leader=2 term=8"));
}

// More than one record, and more than the client's buffer.
TEST_F(Tls, ReadsALongAnswerWhole) {
    const std::string history =
        R"({"history":[],"note":")" + std::string(std::size_t{3} * 1024 * 1024, 'x') + "\"}";
    api_.on("GET /history", {200, history});
    const Result result = ask_as_operator(front_.url(), {"-o", "json", "history"});
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.out, history + "\n");
}

// A lease counts from when the request was sent: the handshake does not use it up.
TEST_F(Tls, AnswersIsLeaderWithinAShortLease) {
    api_.on("GET /leader", {503, kFollows});
    EXPECT_EQ(ask_as_operator(front_.url(), {"is-leader"}).code, 1);
    api_.on("GET /leader", {200, kLeads});
    EXPECT_EQ(ask_as_operator(front_.url(), {"is-leader"}).code, 0);
}

}  // namespace
}  // namespace electiond::ctl
