// electionctl's verbs and exit codes against canned answers of the control API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "electionctl/help.h"
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

std::string cluster_with_leader_at(const std::string& api) {
    return R"({"cluster":[{"id":"1","port":3001,"state":"LEADER","term":7,"leaderId":"1","online":true,"role":"voter","api":")" +
           api + R"("}],"leader":{"id":"1","state":"LEADER","term":7,"api":")" + api +
           R"("},"term":7,"voters":3,"quorum":2,"canLose":1})";
}

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

TEST(Electionctl, AsksTheLeaderToStepDownAndNamesTheSuccessor) {
    FakeApi api;
    api.on("POST /step-down",
           {200, R"({"message":"Stepped down successfully","successor":"2","term":8})"});

    const Result result = ask(api.url(), {"step-down", "--to", "2"});

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.out, "stepped down: node 2 leads in term 8\n");
    EXPECT_EQ(api.seen().at(0).body, R"({"to":"2"})");
}

TEST(Electionctl, SaysWhenNobodyTookOver) {
    FakeApi api;
    api.on("POST /step-down",
           {200, R"({"message":"Stepped down successfully","successor":null,"term":7})"});

    const Result result = ask(api.url(), {"step-down"});

    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.out, HasSubstr("no node has taken over yet"));
    EXPECT_EQ(api.seen().at(0).body, "");
}

TEST(Electionctl, TellsWhereTheLeaderIsWhenTheAskedNodeIsNone) {
    FakeApi follower, leader;
    follower.on("POST /step-down", {400, R"({"error":"Not currently leader","status":400})"});
    follower.on("GET /cluster", {200, cluster_with_leader_at(leader.host_and_port())});
    leader.on("GET /leader", {200, kLeads});

    const Result result = ask(follower.url(), {"step-down"});

    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.err, HasSubstr("refused (HTTP 400): Not currently leader"));
    EXPECT_THAT(result.err, HasSubstr("the leader is at " + leader.url() + ": name it with"));
}

TEST(Electionctl, FindsTheLeaderAmongSeveralEndpointsToStepDown) {
    FakeApi follower, leader;
    follower.on("GET /leader", {503, kFollows});
    follower.on("POST /step-down", {400, R"({"error":"Not currently leader"})"});
    leader.on("GET /leader", {200, kLeads});
    leader.on("POST /step-down", {200, R"({"successor":"2","term":8})"});

    EXPECT_EQ(ask(follower.url() + "," + leader.url(), {"step-down"}).code, 0);
}

TEST(Electionctl, ReportsARefusalWithItsReasonAndARemedy) {
    FakeApi api;
    api.on(
        "POST /step-down",
        {409,
         R"({"type":"not_eligible","title":"Not eligible","status":409,"detail":"node 3 has priority 0","error":"Not eligible"})"});

    const Result result = ask(api.url(), {"step-down", "--to", "3"});

    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.err, HasSubstr("refused (HTTP 409): node 3 has priority 0"));
    EXPECT_THAT(result.err, HasSubstr("electionctl members shows"));
}

TEST(Electionctl, RemovesAMemberThroughTheLeader) {
    FakeApi follower, leader;
    follower.on("DELETE /members/3", {421, R"({"error":"Not leader","leaderId":"1"})"});
    follower.on("GET /cluster", {200, cluster_with_leader_at(leader.host_and_port())});
    leader.on("GET /leader", {200, kLeads});
    leader.on("DELETE /members/3", {200, R"({"message":"Removed"})"});

    const Result result = ask(follower.url(), {"members", "remove", "3"});

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("node 3 is removed"));
}

TEST(Electionctl, ReportsWhetherAMemberCouldBeRemovedAndRemovesNone) {
    FakeApi follower, leader;
    follower.on("GET /removal/u3", {421, R"({"error":"Not leader","leaderId":"1"})"});
    follower.on("GET /cluster", {200, cluster_with_leader_at(leader.host_and_port())});
    leader.on("GET /leader", {200, kLeads});
    leader.on(
        "GET /removal/u3",
        {200, R"({"message":"Can be removed","id":"3","uuid":"u3","role":"voter","term":7})"});

    const Result possible = ask(follower.url(), {"members", "remove", "u3", "--dry-run"});
    EXPECT_EQ(possible.code, 0) << possible.err;
    EXPECT_EQ(possible.out,
              "node 3 (uuid u3, voter) can be removed: the other voters that answer keep a "
              "quorum\n");

    leader.on("GET /removal/u3", {409, R"({"title":"x","detail":"2 of 3 voters are heard"})"});
    const Result refused = ask(leader.url(), {"members", "remove", "u3", "--dry-run"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, HasSubstr("2 of 3 voters are heard"));

    const Result older = ask(leader.url(), {"members", "remove", "9", "--dry-run"});
    EXPECT_EQ(older.code, 1);
    EXPECT_THAT(older.err, HasSubstr("does not have this path or method is older"));
    for (const auto& seen : leader.seen()) EXPECT_EQ(seen.method, "GET") << seen.path;
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

TEST(Electionctl, ReportsWhenAMemberMayNotBeRemoved) {
    FakeApi api;
    api.on("DELETE /members/3",
           {409, R"({"title":"would_lose_quorum","detail":"2 of 3 voters are heard"})"});

    const Result result = ask(api.url(), {"members", "remove", "3"});

    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.err, HasSubstr("2 of 3 voters are heard"));
}

TEST(Electionctl, LeavesOnlyAsExactlyOneNode) {
    FakeApi api;
    api.on("POST /leave", {200, R"({"message":"Left"})"});

    EXPECT_EQ(ask(api.url(), {"members", "leave"}).code, 0);
    EXPECT_EQ(ask(dead_url() + "," + api.url(), {"members", "leave"}).code, 64);
    EXPECT_EQ(api.seen().size(), 1U);
}

TEST(Electionctl, SendsTheTokenFromItsFile) {
    FakeApi api;
    api.on("POST /step-down", {200, R"({"successor":"2","term":8})"});
    const auto file = std::filesystem::path(::testing::TempDir()) /
                      ("electionctl-token-" + std::to_string(getpid()));
    std::ofstream(file) << "s3cret\n";

    EXPECT_EQ(ask(api.url(), {"step-down", "--token-file", file.string()}).code, 0);
    EXPECT_EQ(api.seen().at(0).authorization, "Bearer s3cret");

    std::ofstream(file) << "two\nlines\n";
    EXPECT_EQ(ask(api.url(), {"step-down", "--token-file", file.string()}).code, 64);
    std::filesystem::remove(file);
    EXPECT_EQ(ask(api.url(), {"step-down", "--token-file", file.string()}).code, 64);
}

TEST(Electionctl, AsksForATokenWhereOneIsNeeded) {
    FakeApi api;
    api.on("POST /step-down", {401, R"({"error":"Unauthorized"})"});

    const Result result = ask(api.url(), {"step-down"});

    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.err, HasSubstr("--token-file"));
}

TEST(Electionctl, LetsNoAnswerSteerTheTerminal) {
    FakeApi api;
    api.on("GET /leader",
           {200, R"({"leaderId":"\u001b[2J","isLeader":true,"term":1,"fencingToken":1})"});

    const Result result = ask(api.url(), {"leader"});

    EXPECT_THAT(result.out, Not(HasSubstr("\x1b")));
    EXPECT_THAT(result.out, HasSubstr("?[2J"));
}

TEST(Electionctl, RefusesWordsThatItCannotObey) {
    const std::vector<std::vector<std::string>> all{
        {},
        {"stauts"},
        {"status", "extra"},
        {"status", "--verbose"},
        {"status", "-o", "xml"},
        {"status", "--to", "2"},
        {"status", "--timeout", "3"},
        {"status", "--timeout", "0s"},
        {"status", "--timeout", "-1s"},
        {"status", "--timeout", "99999999999999h"},
        {"status", "--endpoint"},
        {"status", "--endpoint", ""},
        {"status", "--endpoint", ","},
        {"status", "--endpoint", "127.0.0.1:1", "--endpoint", "127.0.0.1:2"},
        {"status", "--endpoint=127.0.0.1:1", "--endpoints", "127.0.0.1:2"},
        {"status", "-o", "json", "--output=table"},
        {"step-down", "--to", "2", "--to", "3"},
        {"status", "--endpoint", "ftp://127.0.0.1:7400"},
        {"status", "--endpoint", "https://user:secret@127.0.0.1:7400"},
        {"status", "--endpoint", "http://127.0.0.1:7400", "--cacert", "ca.crt"},
        {"status", "--endpoint", "127.0.0.1:7400", "--key", "operator.key"},
        {"status", "--cacert", ""},
        {"status", "--endpoint", "http://user:secret@127.0.0.1:7400"},
        {"status", "--endpoint", "http://127.0.0.1:99999"},
        {"status", "--endpoint", "http://"},
        {"members", "remove"},
        {"members", "--yes"},
        {"members", "--dry-run"},
        {"members", "leave", "--dry-run"},
        {"status", "--dry-run"},
        {"registry"},
        {"registry", "list"},
        {"registry", "sweep", "--file", "x"},
        {"registry", "list", "--file", "x", "--dry-run"},
        {"registry", "list", "3", "--file", "x"},
        {"registry", "list", "--file", "x", "--file", "y"},
        {"registry", "prune", "--file", "x", "-o", "yaml"},
        {"registry", "prune", "--file", "x", "-o", "json", "--output", "json"},
        {"registry", "prune", "", "--file", "x"},
        {"registry", "prune", "--file", "x", "--dry-run=yes"},
        {"--endpoint", "127.0.0.1:1", "registry", "list"},
        {"status", "--yes"},
        {"members", "evict", "3"},
        {"wait-leader", "--me", "--endpoint", "127.0.0.1:1,127.0.0.1:2"},
        {"is-leader", "--endpoint", "127.0.0.1:1,127.0.0.1:2"},
        {"watch", "--exec", "true", "--endpoint", "127.0.0.1:1,127.0.0.1:2"},
        {"watch", "--count", "0"},
        {"watch", "--count", "x"},
        {"top", "--once=yes"},
        {"explain"},
        {"run", "--", "true"},
        {"plugin", "list"},
        {"help", "stauts"},
    };
    for (const auto& words : all) {
        const Result result = run_words(words);
        std::string line;
        for (const auto& word : words) line += word + " ";
        EXPECT_EQ(result.code, 64) << line;
        EXPECT_THAT(result.err, ::testing::StartsWith("electionctl: ")) << line;
        EXPECT_EQ(result.out, "") << line;
    }
}

TEST(Electionctl, HelpsWithEveryVerb) {
    for (const VerbHelp& verb : verbs()) {
        const Result result = run_words({std::string(verb.name), "--help"});
        EXPECT_EQ(result.code, 0) << verb.name;
        const std::string options = verb.local ? "" : "[OPTIONS] ";
        EXPECT_THAT(result.out,
                    HasSubstr("Usage: electionctl " + options + std::string(verb.name)));
        EXPECT_EQ(run_words({"help", std::string(verb.name)}).out, result.out);
        EXPECT_THAT(run_words({"--help"}).out, HasSubstr("  " + std::string(verb.name) + " "));
    }
    EXPECT_THAT(run_words({"--version"}).out, ContainsRegex("^electionctl [0-9]+\\.[0-9]+"));
}

}  // namespace
}  // namespace electiond::ctl
