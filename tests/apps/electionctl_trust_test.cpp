// Programs can rely on electionctl: one node, one answer, in time. Against a control API that is
// slow, dies or answers nonsense.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <thread>

#include "electionctl_scene.h"
#include "fake_api.h"

namespace electiond::ctl {
namespace {

using electiond::testing::Canned;
using electiond::testing::event;
using electiond::testing::FakeApi;
using electiond::testing::Seen;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

std::string leads(int lease_ms) {
    return R"({"leaderId":"1","isLeader":true,"term":7,"fencingToken":7,"validForMs":9,"leaseRemainingMs":)" +
           std::to_string(lease_ms) + R"(,"index":5})";
}

// A late answer, like that of a daemon that was paused before it could send it.
Canned late(const std::string& body, milliseconds delay) {
    std::this_thread::sleep_for(delay);
    return {200, body};
}

class Trust : public ::testing::Test {
  protected:
    Trust() { api_.stream(event("reset", 5, "{}")); }
    ~Trust() override { std::filesystem::remove(file_); }

    // Runs the watch until it has reported `count` events; returns the input of its commands, a
    // line each.
    std::string events(FakeApi& api, int count, const std::string& timeout = "3s") const {
        const Result result = ask(
            api.url(), {"--timeout", timeout, "watch", "--count", std::to_string(count), "--exec",
                        "read json; echo $ELECTIOND_EVENT $ELECTIOND_LEADER_ID "
                        "$ELECTIOND_FENCING_TOKEN $ELECTIOND_REASON $json >> " +
                            file_.string()});
        EXPECT_EQ(result.code, 0) << result.err;
        std::ifstream in(file_);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    const std::filesystem::path file_ = std::filesystem::path(::testing::TempDir()) /
                                        ("electionctl-trust-" + std::to_string(getpid()));
    FakeApi api_;
};

TEST_F(Trust, IsAskedOfOneNodeOnly) {
    api_.on("GET /leader", {200, leads(900)});
    const std::string two = api_.url() + "," + api_.url();
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{"is-leader"},
                                               {"wait-leader", "--me"},
                                               {"watch", "--exec", "true"},
                                               {"members", "leave"}}) {
        const Result named = ask(two, words);
        EXPECT_EQ(named.code, 64) << words[0];
        EXPECT_THAT(named.err, HasSubstr("one node"));
        EXPECT_THAT(named.err, HasSubstr("--endpoint"));

        ASSERT_EQ(setenv("ELECTIONCTL_ENDPOINTS", two.c_str(), 1), 0);
        EXPECT_EQ(run_words(words).code, 64) << words[0];
        unsetenv("ELECTIONCTL_ENDPOINTS");
    }
    EXPECT_TRUE(api_.seen().empty());

    // The command line counts before the environment.
    ASSERT_EQ(setenv("ELECTIONCTL_ENDPOINTS", two.c_str(), 1), 0);
    EXPECT_EQ(ask(api_.url(), {"is-leader"}).code, 0);
    unsetenv("ELECTIONCTL_ENDPOINTS");
}

TEST_F(Trust, IsNotPutInAnAnswerThatTookLongerThanItsLease) {
    api_.on("GET /leader", [](const Seen&) { return late(leads(50), milliseconds(200)); });
    EXPECT_EQ(ask(api_.url(), {"is-leader"}).code, 2);
    EXPECT_EQ(ask(api_.url(), {"wait-leader", "--me", "--timeout", "1s"}).code, 75);
}

TEST_F(Trust, NeedsALeaseAndAnAnswerThatAgreesWithItself) {
    const std::string no_lease = R"({"leaderId":"1","isLeader":true,"term":7,"index":5})";
    const std::string follows = R"({"leaderId":"2","isLeader":false,"term":7,"index":5})";
    api_.on("GET /leader", {200, no_lease});
    EXPECT_EQ(ask(api_.url(), {"is-leader"}).code, 2);
    api_.on("GET /leader", {200, follows});
    EXPECT_EQ(ask(api_.url(), {"is-leader"}).code, 2);
    api_.on("GET /leader", {503, leads(900)});
    EXPECT_EQ(ask(api_.url(), {"is-leader"}).code, 2);
    api_.on("GET /leader", {200, leads(2'000'000'000)});  // no overflow
    EXPECT_EQ(ask(api_.url(), {"is-leader"}).code, 0);
}

TEST_F(Trust, EndsWithTheLeaseOfANodeThatHangs) {
    api_.on("GET /leader", [this](const Seen&) {
        api_.hang_on("GET /leader");
        return Canned{200, leads(600)};
    });

    const auto begun = std::chrono::steady_clock::now();
    const std::string told = events(api_, 2);

    EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(580));
    EXPECT_THAT(told, ::testing::StartsWith("leader 1 7 {\"leaderId\":\"1\""));
    EXPECT_THAT(told, HasSubstr("\nno-leader 0 unreachable {\"leaderId\":null,\"isLeader\":false,"
                                "\"term\":7,"));
}

TEST_F(Trust, EndsWithTheLeaseOfANodeThatDied) {
    std::atomic<int> asked = 0;
    api_.on("GET /leader", [&asked](const Seen&) {
        return ++asked == 1 ? Canned{200, leads(600)} : Canned{502, "{}"};
    });
    EXPECT_THAT(events(api_, 2), HasSubstr("\nno-leader 0 unreachable "));
}

TEST_F(Trust, ComesBackWithTheNode) {
    std::atomic<int> asked = 0;
    api_.on("GET /leader", [&asked](const Seen&) {
        const int count = ++asked;
        return count == 1 || count > 10 ? Canned{200, leads(600)} : Canned{502, "{}"};
    });
    const std::string told = events(api_, 3);
    EXPECT_THAT(told,
                ::testing::ContainsRegex("leader 1 7 .*\nno-leader 0 unreachable .*\nleader 1 7 "));
}

// As of a real daemon that was stopped: the first answers are ones that it was asked for long
// before.
TEST_F(Trust, ComesBackWithANodeThatWasStopped) {
    std::atomic<int> asked = 0;
    api_.on("GET /leader", [&asked](const Seen&) {
        const int count = ++asked;
        return count == 1 || count >= 8 ? Canned{200, leads(600)}
                                        : late(leads(600), milliseconds(700));
    });
    EXPECT_THAT(events(api_, 3), HasSubstr("\nleader 1 7 {"));
}

// The lead of another node is confirmed each second: only the event can be the reason to ask at
// once.
TEST_F(Trust, IsGivenAtOnceToANodeWhoseStreamTellsThatItWins) {
    std::atomic<int> asked = 0;
    std::chrono::steady_clock::time_point told;
    std::chrono::steady_clock::time_point asked_again;
    api_.on("GET /leader", [&](const Seen&) {
        if (++asked > 1) {
            if (asked == 2) asked_again = std::chrono::steady_clock::now();
            return Canned{200, leads(900)};
        }
        told = std::chrono::steady_clock::now();
        api_.tell(event("peer", 6, "{}") + event("membership", 7, "{}") + ":\n");
        api_.tell(event("leader", 8, "{}"));
        return Canned{503, R"({"leaderId":"2","isLeader":false,"term":6,"index":4})"};
    });
    EXPECT_THAT(events(api_, 2), HasSubstr("\nleader 1 7 {"));
    EXPECT_LT(asked_again - told, milliseconds(900));
}

// A follower that was paused knows no leader until its next heartbeat, and then the same one: there
// is no event for either.
TEST_F(Trust, IsNotLostByANodeThatKnowsNoLeaderForAMomentAndTellsNoEvent) {
    std::atomic<int> asked = 0;
    api_.on("GET /leader", [&](const Seen&) {
        const int count = ++asked;
        if (count == 1) api_.tell(event("state", 6, "{}"));
        if (count == 2)
            return Canned{503, R"({"leaderId":null,"isLeader":false,"term":6,"index":6})"};
        if (count > 3) return Canned{200, leads(900)};
        return Canned{503, R"({"leaderId":"2","isLeader":false,"term":6,"index":6})"};
    });
    EXPECT_THAT(events(api_, 2), ::testing::ContainsRegex("^follower 2 0 .*\nleader 1 7 "));
}

// An event only announces a change, it never proves a lead: it may be old.
TEST_F(Trust, IsNotPutInWhatAStreamTells) {
    api_.stream(event("reset", 5, leads(900)));
    std::atomic<int> asked = 0;
    api_.on("GET /leader", [this, &asked](const Seen&) {
        if (++asked == 1) api_.tell(event("leader", 6, leads(900)));
        if (asked > 1)
            return Canned{503, R"({"leaderId":"2","isLeader":false,"term":8,"index":9})"};
        return Canned{503, R"({"leaderId":null,"isLeader":false,"term":6,"index":4})"};
    });
    EXPECT_THAT(events(api_, 2), ::testing::ContainsRegex("^no-leader 0 .*\nfollower 2 0 "));
}

TEST_F(Trust, IsKeptByAskingLongBeforeTheLeaseEnds) {
    std::atomic<int> asked = 0;
    api_.on("GET /leader", [&asked](const Seen&) {
        if (++asked == 10)
            return Canned{503, R"({"leaderId":"2","isLeader":false,"term":8,"index":9})"};
        return Canned{200, leads(900)};
    });
    const auto begun = std::chrono::steady_clock::now();
    const std::string told = events(api_, 2);
    EXPECT_THAT(told, ::testing::StartsWith("leader 1 7 "));
    EXPECT_THAT(told, HasSubstr("\nfollower 2 0 "));
    EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(9 * 250)) << "no busy loop";
}

// The other node's lead counts for one timeout and 1 s after the last answered request was sent.
TEST_F(Trust, OfAnotherNodesLeadEndsSoonAfterTheLastAnswer) {
    api_.on("GET /leader", [this](const Seen&) {
        api_.hang_on("GET /leader");
        return Canned{503, R"({"leaderId":"2","isLeader":false,"term":6,"index":4})"};
    });
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_THAT(events(api_, 2, "300ms"), HasSubstr("\nno-leader 0 unreachable "));
    EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(1250));
}

// A daemon that is killed takes its stream and its port with it.
TEST_F(Trust, EndsWithTheLeaseWhenTheStreamAndAllElseIsGone) {
    auto api = std::make_unique<FakeApi>();
    api->stream("");
    api->on("GET /leader", {200, leads(900)});
    auto killer = std::async(std::launch::async, [&] {
        while (api->count("/leader") < 2) std::this_thread::yield();
        api->die();
    });
    const std::string told = events(*api, 2);
    killer.get();
    EXPECT_THAT(told, HasSubstr("\nno-leader 0 unreachable "));
}

TEST_F(Trust, IsAskedForNothingOfADaemonWithoutAStream) {
    FakeApi older;
    older.on("GET /leader", {200, leads(900)});
    const Result result = ask(older.url(), {"watch", "--exec", "echo run >> " + file_.string()});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.err, HasSubstr("HTTP 404: this electiond is older than electionctl"));
    EXPECT_FALSE(std::filesystem::exists(file_));

    EXPECT_EQ(ask(electiond::testing::dead_url(), {"watch", "--exec", "true"}).code, 69);
}

}  // namespace
}  // namespace electiond::ctl
