// electionctl's commands against canned answers: step down, remove, leave; leaders and tokens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "electionctl_scene.h"
#include "fake_api.h"

namespace electiond::ctl {
namespace {

using electiond::testing::dead_url;
using electiond::testing::FakeApi;
using ::testing::HasSubstr;
using ::testing::Not;

std::string cluster_with_leader_at(const std::string& api) {
    return R"({"cluster":[{"id":"1","port":3001,"state":"LEADER","term":7,"leaderId":"1","online":true,"role":"voter","api":")" +
           api + R"("}],"leader":{"id":"1","state":"LEADER","term":7,"api":")" + api +
           R"("},"term":7,"voters":3,"quorum":2,"canLose":1})";
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

}  // namespace
}  // namespace electiond::ctl
