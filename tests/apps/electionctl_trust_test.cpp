// What a program that relies on electionctl learns: one node, one answer, in time. Against a
// control API that is slow, dies or answers nonsense.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "electionctl_scene.h"
#include "fake_api.h"

namespace electiond::ctl {
namespace {

using electiond::testing::Canned;
using electiond::testing::FakeApi;
using electiond::testing::Seen;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

std::string leads(int lease_ms) {
    return R"({"leaderId":"1","isLeader":true,"term":7,"fencingToken":7,"validForMs":9,"leaseRemainingMs":)" +
           std::to_string(lease_ms) + R"(,"index":5})";
}

// A late answer, as of a daemon that was paused before it could send the answer.
Canned late(const std::string& body, milliseconds delay) {
    std::this_thread::sleep_for(delay);
    return {200, body};
}

class Trust : public ::testing::Test {
  protected:
    ~Trust() override { std::filesystem::remove(file_); }

    // Runs the watch until it has told `count` events; what its command was told, a line each.
    std::string events(FakeApi& api, int count) const {
        const Result result =
            ask(api.url(), {"watch", "--count", std::to_string(count), "--exec",
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

// As of a real daemon that was stopped: the first answer is one that it was asked for long before,
// and from then on it waits as long as it is asked to, longer than its lease.
TEST_F(Trust, ComesBackWithANodeThatWasStopped) {
    std::atomic<int> asked = 0;
    api_.on("GET /leader", [&asked](const Seen& seen) {
        const int count = ++asked;
        if (count == 1) return Canned{200, leads(600)};
        if (count < 8) return late(leads(600), milliseconds(700));
        const auto wait = seen.query.find("wait=");
        if (wait == std::string::npos) return Canned{200, leads(600)};
        return late(leads(600), milliseconds(std::stoi(seen.query.substr(wait + 5))));
    });
    EXPECT_THAT(events(api_, 3), HasSubstr("\nleader 1 7 {"));
}

// Won in the middle of a wait that was longer than the lease.
TEST_F(Trust, IsGivenToANodeThatWinsWhileItIsWatched) {
    std::atomic<int> asked = 0;
    api_.on("GET /leader", [&asked](const Seen&) {
        const int count = ++asked;
        if (count == 1) {
            return Canned{503, R"({"leaderId":"2","isLeader":false,"term":6,"index":4})"};
        }
        return count == 2 ? late(leads(300), milliseconds(500)) : Canned{200, leads(300)};
    });
    EXPECT_THAT(events(api_, 2), HasSubstr("\nleader 1 7 {"));
}

TEST_F(Trust, IsKeptByAskingLongBeforeTheLeaseEnds) {
    std::atomic<int> asked = 0;
    api_.on("GET /leader", [&asked](const Seen& seen) {
        if (++asked == 10)
            return Canned{503, R"({"leaderId":"2","isLeader":false,"term":8,"index":9})"};
        // Renewed without an answer to the waiting request: it is answered when its wait is over.
        const auto wait = seen.query.find("wait=");
        if (wait == std::string::npos) return Canned{200, leads(900)};
        return late(leads(900), milliseconds(std::stoi(seen.query.substr(wait + 5))));
    });
    const std::string told = events(api_, 2);
    EXPECT_THAT(told, HasSubstr("\nfollower 2 0 "));
    const auto seen = api_.seen();
    for (std::size_t i = 1; i < 10; ++i) {
        EXPECT_LE(std::stoi(seen.at(i).query.substr(seen.at(i).query.find("wait=") + 5)), 300);
    }
}

}  // namespace
}  // namespace electiond::ctl
