// What others may know of a passive node: its status, its changes, its counters.
#include "node/node.h"

#include "stage.h"

namespace electiond {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// ---- /status

TEST(Node, StatusIsAnsweredWhateverTheClusterAndChangesNothing) {  // §3
    Stage stage;
    stage.heartbeat(2, 4);
    const auto before = stage.node.election().durable();

    const auto answer = stage.ask("status", "{}");

    EXPECT_EQ(answer.kind, Response::Kind::ok);
    const auto reply = wire::decode_reply("status", answer.body);
    const auto& status = std::get<StatusReply>(reply.body);
    EXPECT_EQ(status.state, State::follower);
    EXPECT_EQ(status.role, MemberRole::voter);
    EXPECT_EQ(status.leader_id, "2");
    EXPECT_FALSE(status.is_leader);
    EXPECT_EQ(status.voters, 3u);
    EXPECT_EQ(status.version, "9.9");
    EXPECT_EQ(status.port, 80);
    EXPECT_EQ(reply.term, 4u);
    EXPECT_EQ(stage.node.election().durable(), before);
    EXPECT_EQ(stage
                  .ask("status", wire::encode(PeerRequest{.from = Stage::from(9, "other"),
                                                          .body = StatusQuery{true}}))
                  .kind,
              Response::Kind::ok);
}

TEST(Node, ALeaderGivesItsMembersWithAStatusThatAsksForThem) {
    Stage stage;
    stage.take_the_lead();

    const auto reply = stage.ask(9, 0, StatusQuery{true}, "other");

    const auto& status = std::get<StatusReply>(reply.body);
    EXPECT_TRUE(status.is_leader);
    EXPECT_EQ(status.state, State::leader);
    ASSERT_TRUE(status.members);
    EXPECT_EQ(status.members->size(), 3u);
    EXPECT_FALSE(std::get<StatusReply>(stage.ask(9, 0, StatusQuery{}, "other").body).members);
}

// ---- what others may know

TEST(Node, CountsCampaignsVotesAndHeartbeats) {
    Stage stage;
    stage.take_the_lead();
    EXPECT_EQ(stage.counters.campaigns.value(), 1u);
    const auto sent = stage.counters.heartbeats_sent.value();
    EXPECT_GE(sent, 2u);
    stage.pass(kH);
    EXPECT_EQ(stage.counters.heartbeats_sent.value(), sent + 2);

    stage.ask(2, 1, VoteRequest{.config = {0, 1}});
    EXPECT_EQ(stage.counters.votes_refused.value(), 1u);
    EXPECT_EQ(stage.counters.votes_granted.value(), 0u);
    EXPECT_EQ(stage.counters.heartbeats_failed.value(), 0u);
    stage.node.handle(stage.now, ReplyArrived{.to = uuid(2),
                                              .address = {"two", 80},
                                              .name = "heartbeat",
                                              .answer = {Response::Kind::timed_out, ""}});
    EXPECT_EQ(stage.counters.heartbeats_failed.value(), 1u);
}

TEST(Node, ChangesReachJournalAndBoardUnderOneIndex) {
    Stage stage;

    stage.heartbeat(2, 4);

    const auto entries = stage.journal.after(0, 10);
    ASSERT_FALSE(entries.empty());
    EXPECT_TRUE(std::holds_alternative<LeaderGained>(entries.back()->change));
    EXPECT_EQ(stage.board.read()->index, entries.back()->index);
    EXPECT_EQ(stage.board.read()->leader_at(stage.now), "2");
    EXPECT_THAT(stage.lines.back(), HasSubstr("leader=2"));
}

TEST(Node, ItsDeadlineIsAlsoTheJournals) {
    Stage stage;
    stage.heartbeat(2, 4);
    stage.pass(kE);
    EXPECT_FALSE(stage.board.read()->leader_at(stage.now));
    EXPECT_TRUE(std::holds_alternative<LeaderGained>(stage.journal.after(0, 10).back()->change));

    stage.pass(2 * kH);

    const auto kinds = stage.journal.after(0, 10);
    EXPECT_TRUE(std::ranges::any_of(kinds, [](const auto& entry) {
        return std::holds_alternative<LeaderLost>(entry->change);
    }));
    EXPECT_EQ(stage.board.read()->index, stage.journal.index());
}

TEST(Node, WhatTheJournalEntersIsOnTheBoardWhateverCameIn) {
    Stage stage;
    stage.heartbeat(2, 4);
    stage.pass(kE);
    const auto index = stage.journal.index();

    stage.now += 2 * kH;
    stage.ask(2, 4, StatusQuery{});

    ASSERT_EQ(stage.journal.index(), index + 1) << "no leader for 2 H";
    EXPECT_EQ(stage.board.read()->index, stage.journal.index());
}

TEST(Node, AClaimGoesToTheArbiterAfterAllElse) {
    Stage stage(blank(), plain(Bootstrap::claim));
    stage.pass(kE);
    ASSERT_EQ(stage.claims.size(), 1u);

    stage.node.handle(stage.now, ArbiterAnswered{stage.claims[0]});
    stage.pass(0ms);

    EXPECT_EQ(stage.store.record->cluster_id, stage.claims[0].cluster_id);
    EXPECT_TRUE(stage.leads());
}

// The scout posts a snapshot once, so the node must keep it, however long that is ago.
TEST(Node, ASnapshotStandsUntilTheNextOneHoweverOldItIs) {
    Stage stage(blank());
    const auto at = [](int n) {
        return Peer{.id = id(n), .uuid = uuid(n), .addresses = {Stage::address_of(n)}, .api = {}};
    };
    const auto asked_within = [&](Duration length) {
        stage.transport.sent.clear();
        stage.pass(length);
        std::set<std::string> hosts;
        for (const auto& each : stage.transport.sent) hosts.insert(each.to.host);
        return hosts;
    };
    stage.node.handle(stage.now, PeersPolled{0, {at(2), at(3)}});

    stage.pass(24h);
    EXPECT_THAT(asked_within(10 * kE), ElementsAre("node-2", "node-3"));
    EXPECT_EQ(stage.board.read()->view->peers.size(), 2u);

    stage.node.handle(stage.now, PeersPolled{0, {at(2)}});
    EXPECT_EQ(stage.board.read()->view->peers.size(), 1u);
}

}  // namespace
}  // namespace electiond
