// electionctl shows and awaits what canned answers of the control API say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "electionctl_scene.h"
#include "fake_api.h"

namespace electiond::ctl {
namespace {

using electiond::testing::Canned;
using electiond::testing::dead_url;
using electiond::testing::FakeApi;
using electiond::testing::Seen;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Electionctl, ShowsTheStatusInWords) {
    FakeApi api;
    api.on("GET /status", {200, kStatus});

    const Result result = ask(api.url(), {"status"});

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("fencing token  7\n"));
    EXPECT_THAT(result.out, HasSubstr("lease left     850 ms\n"));
    EXPECT_THAT(result.out, HasSubstr("uptime         3 min 12 s\n"));
    EXPECT_THAT(result.out, HasSubstr("voters         3\n"));
    EXPECT_THAT(result.out, HasSubstr("peers          2 3\n"));
}

TEST(Electionctl, ShowsTheProblemsOfANodeInItsStatus) {
    FakeApi api;
    api.on(
        "GET /status",
        {200,
         R"({"id":"2","state":"CANDIDATE","leaderId":null,"problems":[{"reason":"quorum_missing","id":null,"detail":"no quorum: 1 of 3 voters answers (2), a leader needs 2","sinceMs":12000},{"reason":"certificate_not_reloaded","id":null,"detail":"transport.tls.cert is damaged"}]})"});

    const Result result = ask(api.url(), {"status"});

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, ContainsRegex("\nproblem +quorum_missing for 12.0 s: no quorum: 1 of "
                                          "3 voters answers \\(2\\), a leader needs 2\n"));
    EXPECT_THAT(
        result.out,
        ContainsRegex("\nproblem +certificate_not_reloaded: transport.tls.cert is damaged\n"));
}

TEST(Electionctl, PrintsTheApisOwnJsonUnchanged) {
    FakeApi api;
    api.on("GET /status", {200, kStatus});
    api.on("GET /leader", {503, kFollows});
    api.on("GET /members", {200, R"([{"id":"1"}])"});

    EXPECT_EQ(ask(api.url(), {"status", "-o", "json"}).out, std::string(kStatus) + "\n");
    EXPECT_EQ(ask(api.url(), {"leader", "--output=json"}).out, std::string(kFollows) + "\n");
    EXPECT_EQ(ask(api.url(), {"-o", "json", "members"}).out, "[{\"id\":\"1\"}]\n");
}

TEST(Electionctl, ShowsTheClusterWithItsHealth) {
    FakeApi api;
    api.on(
        "GET /cluster",
        {200,
         R"({"cluster":[{"id":"1","port":3001,"state":"LEADER","term":7,"leaderId":"1","online":true,"role":"voter","address":"127.0.0.1:4001","api":"127.0.0.1:3001"},
                {"id":"3","port":null,"state":"OFFLINE","online":false,"error":"connection refused","role":"voter","address":"127.0.0.1:4003","api":"127.0.0.1:3003"}],
                "leader":{"id":"1"},"term":7,"voters":3,"quorum":2,"canLose":0})"});

    const Result result = ask(api.url(), {"cluster"});

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("at its limit: can lose none; offline: 3\n"));
    EXPECT_THAT(result.out,
                ContainsRegex("1 +voter +LEADER +7 +1 +127.0.0.1:4001 +127.0.0.1:3001 +yes"));
    EXPECT_THAT(result.out, ContainsRegex("3 +voter +OFFLINE +- +- .* no: connection refused"));
}

TEST(Electionctl, NamesTheFounderThatAClusterWaitsFor) {
    FakeApi api;
    api.on(
        "GET /cluster",
        {200,
         R"({"cluster":[{"id":"1","state":"FOLLOWER","online":true,"role":"joining"}],"term":0,"voters":0,"quorum":1,"canLose":0,
             "problems":[{"reason":"founder_awaited","id":"3","detail":"waits for founder 3 (no answer in time); has heard 2 of 3 founders","sinceMs":9}]})"});

    EXPECT_THAT(
        ask(api.url(), {"cluster"}).out,
        ::testing::StartsWith(
            "no leader: waits for founder 3 (no answer in time); has heard 2 of 3 founders\n"));

    api.on(
        "GET /cluster",
        {200,
         R"({"cluster":[{"id":"1","state":"FOLLOWER","online":true,"role":"joining"}],"voters":0,"problems":[]})"});
    EXPECT_THAT(ask(api.url(), {"cluster"}).out,
                ::testing::StartsWith("no leader, and no voters known\n"));
}

TEST(Electionctl, TellsWhoLeadsAlsoFromAFollower) {
    FakeApi api;
    api.on("GET /leader", {503, kFollows});

    const Result result = ask(api.url(), {"leader"});

    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.out, ContainsRegex("1 +7 +- +- +http"));
}

TEST(Electionctl, FailsWhereNobodyLeads) {
    FakeApi api;
    api.on("GET /leader", {503, kNobody});

    const Result result = ask(api.url(), {"leader"});

    EXPECT_EQ(result.code, 1);
    EXPECT_EQ(result.out, "no leader\n");
}

TEST(Electionctl, AnswersIsLeaderByItsExitCode) {
    FakeApi api;

    api.on("GET /leader", {200, kLeads});
    EXPECT_EQ(ask(api.url(), {"is-leader"}).code, 0);
    api.on("GET /leader", {503, kFollows});
    EXPECT_EQ(ask(api.url(), {"is-leader"}).code, 1);
    api.on("GET /leader", {503, kNobody});
    EXPECT_EQ(ask(api.url(), {"is-leader"}).code, 1);
    api.on("GET /leader", {500, R"({"error":"Internal"})"});
    EXPECT_EQ(ask(api.url(), {"is-leader"}).code, 2);
    api.on("GET /leader", {200, "<html>"});
    EXPECT_EQ(ask(api.url(), {"is-leader"}).code, 2);
    EXPECT_EQ(ask(dead_url(), {"is-leader"}).code, 2);
}

TEST(Electionctl, WaitsByLongPollUntilThereIsALeader) {
    FakeApi api;
    api.on("GET /leader", [](const Seen& seen) {
        return seen.query.empty() ? Canned{503, kNobody} : Canned{503, kFollows};
    });

    const Result result = ask(api.url(), {"wait-leader", "--timeout", "20s"});

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.out, "node 1 leads in term 7\n");
    ASSERT_EQ(api.seen().size(), 2U);
    EXPECT_THAT(api.seen()[1].query, ContainsRegex("^index=10&wait=[0-9]+ms$"));
}

TEST(Electionctl, WaitsWithMeForTheAskedNodeItself) {
    FakeApi api;
    api.on("GET /leader", {503, kFollows});
    EXPECT_EQ(ask(api.url(), {"wait-leader", "--me", "--timeout", "300ms"}).code, 75);

    api.on("GET /leader", {200, kLeads});
    EXPECT_EQ(ask(api.url(), {"wait-leader", "--me", "--timeout", "20s"}).code, 0);
}

TEST(Electionctl, WaitsForADaemonThatIsNotThereYet) {
    const Result result = ask(dead_url(), {"wait-leader", "--timeout", "300ms"});

    EXPECT_EQ(result.code, 75);
    EXPECT_THAT(result.err, HasSubstr("connection refused"));
}

TEST(Electionctl, DoesNotAskInABusyLoopWhereTheServerDoesNotWait) {
    FakeApi api;
    api.on("GET /leader", {503, kNobody});

    EXPECT_EQ(ask(api.url(), {"wait-leader", "--timeout", "1s"}).code, 75);

    EXPECT_LE(api.seen().size(), 10U);
}

TEST(Electionctl, ShowsTheHistory) {
    FakeApi api;
    api.on(
        "GET /history",
        {200,
         R"({"history":[{"index":1,"at":"2024-05-01T10:00:00Z","term":1,"leaderId":"1","previous":null,"reason":"startup","gapMs":0},{"index":2,"at":1714557600123,"term":2,"leaderId":"2","previous":"1","reason":"election_timeout","gapMs":1042}]})"});

    const Result result = ask(api.url(), {"history"});

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, ContainsRegex("2024-05-01T10:00:00Z +1 +1 +- +startup +0 ms"));
    EXPECT_THAT(result.out,
                ContainsRegex("2024-05-01T10:00:00Z +2 +2 +1 +election_timeout +1.0 s"));
}

TEST(Electionctl, ShowsAllEventsWhereTheHistoryHasThem) {
    FakeApi api;
    api.on(
        "GET /history",
        {200,
         R"({"history":[{"index":1,"at":"2024-05-01T10:00:00.000Z","term":1,"leaderId":"1","previous":null,"reason":"startup","gapMs":0,"electionMs":12}],)"
         R"("changes":[{"event":"leader","index":1,"at":"2024-05-01T10:00:00.000Z","term":1,"leaderId":"1","previous":"2","reason":"takeover","gapMs":1042},)"
         R"({"event":"state","index":2,"at":"2024-05-01T10:00:01.000Z","state":"LEADER","term":1,"reason":"takeover"},)"
         R"({"event":"membership","index":3,"at":"2024-05-01T10:00:02.000Z","change":"joined","id":"3","voters":3,"quorum":2,"reason":"voter_joined"},)"
         R"({"event":"problem","index":4,"at":"2024-05-01T10:00:03.000Z","id":"2","reason":"duplicate_uuid","detail":"two of them","term":1}]})"});

    const Result result = ask(api.url(), {"history"});

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, ContainsRegex("00.000Z +1 +1 +- +startup +0 ms\n\nall events\nAT "));
    EXPECT_THAT(result.out,
                ContainsRegex("leader +1 +1 +takeover +after 2, without leader for 1.0 s"));
    EXPECT_THAT(result.out, ContainsRegex("state +- +1 +takeover +LEADER"));
    EXPECT_THAT(result.out,
                ContainsRegex("membership +3 +- +voter_joined +joined, voters 3, quorum 2"));
    EXPECT_THAT(result.out, ContainsRegex("problem +2 +1 +duplicate_uuid +two of them"));
}

TEST(Electionctl, ShowsTheMembersAndHowOldTheViewIs) {
    FakeApi api;
    api.on(
        "GET /members",
        {200,
         R"({"asOfMs":4200,"members":[{"id":"1","role":"voter","state":"LEADER","lastContactMs":0,"rttMs":0,"priority":100,"eligible":true,"address":"127.0.0.1:4001","api":"127.0.0.1:3001"},{"id":"9","role":"observer","eligible":false}]})"});

    const Result result = ask(api.url(), {"members"});

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, ContainsRegex("1 +voter +LEADER +0 ms +0 ms +100 +yes"));
    EXPECT_THAT(result.out, ContainsRegex("9 +observer +- +- +- +- +no"));
    EXPECT_THAT(result.out, HasSubstr("last view, 4.2 s old"));
}

TEST(Electionctl, ShowsTheUuidsWhereTwoMembersHaveOneId) {
    FakeApi api;
    api.on("GET /members",
           {200, R"({"members":[{"id":"3","uuid":"old"},{"id":"3","uuid":"new"}]})"});
    EXPECT_THAT(ask(api.url(), {"members"}).out,
                AllOf(HasSubstr("UUID"), HasSubstr("old\n"), HasSubstr("new\n")));

    api.on("GET /members", {200, R"({"members":[{"id":"3","uuid":"old"}]})"});
    EXPECT_THAT(ask(api.url(), {"members"}).out, Not(HasSubstr("UUID")));
}

TEST(Electionctl, ShowsTheStateOfEachDiscovery) {
    FakeApi api;
    api.on("GET /status",
           {200, R"({"id":"1","discovery":[{"plugin":"file_registry","ageMs":463,"peers":3},)"
                 R"({"plugin":"static_list","ageMs":40,"peers":1,"lastFailure":)"
                 R"({"call":"poll","error":"away","ageMs":90000,"hung":false}},)"
                 R"({"plugin":"multicast","ageMs":null,"peers":0,"error":"no interface"}]})"});

    EXPECT_THAT(ask(api.url(), {"status"}).out,
                AllOf(ContainsRegex("discovery +file_registry: 3 nodes, 463 ms ago\n"),
                      ContainsRegex("discovery +static_list: 1 node, 40 ms ago; last failed 1 min "
                                    "30 s ago: away\n"),
                      ContainsRegex("discovery +multicast: no answer yet; fails: no interface\n")));
}

TEST(Electionctl, LetsNoAnswerSteerTheTerminal) {
    FakeApi api;
    api.on("GET /leader",
           {200, R"({"leaderId":"\u001b[2J","isLeader":true,"term":1,"fencingToken":1})"});

    const Result result = ask(api.url(), {"leader"});

    EXPECT_THAT(result.out, Not(HasSubstr("\x1b")));
    EXPECT_THAT(result.out, HasSubstr("?[2J"));
}

}  // namespace
}  // namespace electiond::ctl
