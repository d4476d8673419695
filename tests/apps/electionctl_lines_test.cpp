// electionctl watch against canned streams of events: its lines, and its command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "electionctl_scene.h"
#include "fake_api.h"

namespace electiond::ctl {
namespace {

using electiond::testing::dead_url;
using electiond::testing::event;
using electiond::testing::FakeApi;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

std::string follows(const std::string& leader, int term) {
    return R"({"index":9,"at":"2026-05-01T10:00:00.000Z","leaderId":")" + leader +
           R"(","uuid":"u","term":)" + std::to_string(term) +
           R"(,"fencingToken":0,"isLeader":false,"previous":null,"reason":"election_timeout"})";
}
constexpr const char* kNobodyTold =
    R"({"index":10,"leaderId":null,"isLeader":false,"previous":"1","term":7,"reason":"step_down"})";

// Goes on once `api` has a stream that is open.
std::future<void> once_followed(FakeApi& api, std::function<void()> then) {
    return std::async(std::launch::async, [&api, then = std::move(then)] {
        while (api.streams_open() == 0) std::this_thread::yield();
        then();
    });
}

TEST(WatchLines, AreOneForEachChangeThatAStreamTells) {
    FakeApi api;
    api.stream(event("reset", 5, kLeads) + event("state", 6, R"({"state":"FOLLOWER"})") +
               event("no-leader", 7, kNobodyTold) + event("peer", 8, "{}") + ":\n" +
               event("leader", 9, follows("2", 8)) + event("leader", 10, follows("2", 9)));

    const Result result = ask(api.url(), {"watch", "--count", "4"});

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, ContainsRegex("^[^\n]*Z leader=1 term=7 token=7 from=" + api.url() +
                                          "\n[^\n]*Z no-leader term=7 previous=1 from=[^\n]*"
                                          "\n[^\n]*Z leader=2 term=8 from=[^\n]*"
                                          "\n[^\n]*Z leader=2 term=9 from=[^\n]*\n$"));
    EXPECT_EQ(api.count("/leader"), 0U) << "nothing is polled";
}

TEST(WatchLines, GoOnWithTheNextEndpointAndTellNothingTwice) {
    FakeApi first, second;
    first.stream(event("reset", 5, kLeads));
    second.stream(event("reset", 12, follows("1", 7)));  // the same lead: no line
    auto script = once_followed(first, [&] {
        first.stream(std::function<std::string(const testing::Seen&)>());
        first.break_streams();
        while (second.streams_open() == 0) std::this_thread::yield();
        second.tell(event("leader", 13, follows("2", 8)));
    });

    const Result result = ask(first.url() + "," + second.url(), {"watch", "--count", "2"});

    script.get();
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, ContainsRegex("Z leader=1 term=7 token=7 from=" + first.url() + "\n"));
    EXPECT_THAT(result.out,
                ContainsRegex("Z leader=2 term=8 previous=1 from=" + second.url() + "\n$"));
}

TEST(WatchLines, SayThatALeadIsNotKnownAnyMoreWhereNobodyAnswers) {
    FakeApi api;
    api.stream(event("reset", 5, kLeads));
    auto script = once_followed(api, [&] {
        api.stream(std::function<std::string(const testing::Seen&)>());
        api.break_streams();
    });

    const Result result =
        ask(api.url() + "," + dead_url(), {"--timeout", "300ms", "watch", "--count", "2"});

    script.get();
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, ContainsRegex("Z no-leader term=7 reason=unreachable previous=1 "));
    EXPECT_THAT(result.err, HasSubstr("no endpoint has a stream of events"));
    EXPECT_THAT(result.err, HasSubstr(api.url() + "/events: the connection was closed"));
    EXPECT_THAT(result.err, HasSubstr(dead_url() + "/events: connection refused"));
    EXPECT_THAT(result.err, HasSubstr("trying again"));
}

TEST(WatchLines, TellNothingOfABreakThatIsMendedInTime) {
    FakeApi api;
    api.stream([](const testing::Seen& seen) {
        return seen.last_event_id.empty() ? event("reset", 5, kLeads) : std::string(":\n");
    });
    auto script = once_followed(api, [&] {
        api.break_streams();
        while (api.count("/events") < 2 || api.streams_open() == 0) std::this_thread::yield();
        api.tell(event("leader", 6, follows("2", 8)));
    });

    const Result result = ask(api.url(), {"watch", "--count", "2"});

    script.get();
    EXPECT_THAT(result.out, Not(HasSubstr("no-leader")));
    EXPECT_EQ(api.seen().at(1).last_event_id, "5");
    EXPECT_EQ(result.err, "");
}

TEST(WatchLines, AreTheEventsOwnDataAsJson) {
    FakeApi api;
    api.stream(event("reset", 5, kLeads) + event("leader", 9, follows("2", 8)));

    const Result result = ask(api.url(), {"-o", "json", "watch", "--count", "2"});

    EXPECT_EQ(result.out, std::string(kLeads) + "\n" + follows("2", 8) + "\n");
}

TEST(WatchLines, NeedAnEndpointThatHasAStream) {
    FakeApi older;
    const Result refused = ask(older.url() + "," + dead_url(), {"watch"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, HasSubstr("older than electionctl"));
    EXPECT_THAT(refused.err, HasSubstr("connection refused"));

    EXPECT_EQ(ask(dead_url(), {"watch"}).code, 69);
}

TEST(WatchCommands, RunAtEachLineWithTheEventInTheirEnvironment) {
    FakeApi api;
    api.stream("");
    api.on("GET /leader", {200, kLeads});
    const auto file = std::filesystem::path(::testing::TempDir()) /
                      ("electionctl-watch-" + std::to_string(getpid()));

    const std::string command =
        "read json; echo $ELECTIOND_EVENT $ELECTIOND_LEADER_ID $ELECTIOND_TERM "
        "$ELECTIOND_FENCING_TOKEN $ELECTIOND_INDEX $json > " +
        file.string();
    const Result result = ask(api.url(), {"watch", "--count=1", "--exec", command});

    EXPECT_EQ(result.code, 0) << result.err;
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    std::filesystem::remove(file);
    EXPECT_EQ(line, "leader 1 7 7 5 " + std::string(kLeads));
}

TEST(WatchCommands, AreReportedWhenTheyFail) {
    FakeApi api;
    api.stream("");
    api.on("GET /leader", {200, kLeads});

    const Result result = ask(api.url(), {"watch", "--count", "1", "--exec", "exit 3"});

    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.err, HasSubstr("the command ended with 3: exit 3"));
}

}  // namespace
}  // namespace electiond::ctl
