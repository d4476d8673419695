// Who is removed, what that costs the quorum, and what a dry run says of it (6.4, M7).
#include "removal_scene.h"

namespace electiond {
namespace {

// ---- remove

TEST(Removal, IsAskedOfTheLeader) {  // 6.4
    Bench bench;

    bench.command(Remove{"2"});

    EXPECT_EQ(only_done(bench).refused, Reason::not_leader);
}

TEST(Removal, TakesTheVoterOutAndBansItsUuid) {  // 6.4, K2
    auto bench = leader();

    const auto ticket = bench.command(Remove{"3"});

    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.node.electorate().voters, electorate({1, 2}).voters);
    EXPECT_TRUE(bench.node.electorate().bans(uuid(3)));
    EXPECT_TRUE(bench.sent_to<Heartbeat>(3)->config) << "who was removed is told";
    EXPECT_TRUE(bench.out.done.empty()) << "not before a quorum holds it";

    bench.ack(2);
    EXPECT_EQ(only_done(bench).ticket, ticket);
    EXPECT_EQ(only_done(bench).refused, Reason::none);
}

TEST(Removal, HeartbeatsGoOnToWhomItRemovedUntilItKnows) {  // 6.4
    auto bench = leader();
    bench.command(Remove{"3"});
    const auto former = ConfigNumber{1, 1};

    bench.lead_on(3 * kH, {2});
    bench.ack(3, {.config = former});
    bench.pass(kH);
    EXPECT_TRUE(bench.sent_to<Heartbeat>(3));
    bench.ack(2);
    bench.ack(3);
    bench.pass(kH);
    EXPECT_FALSE(bench.sent_to<Heartbeat>(3)) << "its ack shows that config";
}

TEST(Removal, OrUntilDeadAfterHasPassed) {  // 6.4
    auto bench = leader();
    bench.command(Remove{"3"});

    bench.lead_on(kTiming.dead_after - 2 * kH, {2});
    EXPECT_TRUE(bench.lead().roster.find(uuid(3)));
    bench.lead_on(4 * kH, {2});

    EXPECT_FALSE(bench.lead().roster.find(uuid(3)));
}

TEST(Removal, WhoWasRemovedDoesNotComeBack) {  // 6.4, B6
    auto bench = leader();
    bench.command(Remove{"3"});
    bench.lead_on(5 * kH, {2, 3});

    bench.hello(sender(3), {.blank = false, .config = bench.node.electorate().number});

    EXPECT_EQ(bench.reason(), Reason::banned);
}

TEST(Removal, WhatWouldLoseTheQuorumIsRefused) {  // M7
    auto bench = leader();
    bench.pass(kH);
    bench.ack(3);
    bench.lead_on(kE, {3});  // 2 is silent for E

    bench.command(Remove{"3"});

    EXPECT_EQ(only_done(bench).refused, Reason::would_lose_quorum);
    EXPECT_EQ(bench.node.electorate().voters.size(), 3u);

    bench.command(Remove{"2"});
    EXPECT_EQ(bench.node.electorate().voters.size(), 2u) << "the silent one may go";
}

// Of 1, 2 and 3 the second has sent no ack for longer than 2 H, and may be dead.
Bench doubtful() {
    auto bench = leader();
    bench.pass(kH);
    bench.ack(2);
    bench.ack(3);
    bench.lead_on(2 * kH, {3});
    return bench;
}

TEST(Removal, WaitsForAVoterWhoseLastAckIsOld) {  // M7: heard now is an ack younger than 2 H
    auto bench = doubtful();
    const auto ticket = bench.command(Remove{"3"});
    ASSERT_TRUE(bench.out.done.empty());
    EXPECT_EQ(bench.node.electorate().voters.size(), 3u);

    bench.pass(kH);
    bench.ack(2);

    EXPECT_TRUE(bench.node.electorate().bans(uuid(3)));
    bench.ack(2);
    EXPECT_EQ(only_done(bench).ticket, ticket);
    EXPECT_EQ(only_done(bench).refused, Reason::none);
}

TEST(Removal, IsRefusedOnceTheOldAckIsFollowedByNone) {  // M7: at most E
    auto bench = doubtful();
    bench.command(Remove{"3"});
    const Instant asked = bench.now;

    std::vector<Done> ended;
    while (ended.empty() && bench.now < asked + 2 * kE) {
        bench.pass(kH);
        ended = bench.out.done;
        bench.ack(3);
    }

    ASSERT_EQ(ended.size(), 1u);
    EXPECT_EQ(ended[0].refused, Reason::would_lose_quorum);
    EXPECT_LE(bench.now, asked + kE);
    EXPECT_EQ(bench.node.electorate().voters.size(), 3u);
}

TEST(Removal, ThatWouldLoseTheQuorumByNowIsGivenUp) {  // M7
    const ConfigNumber old{0, 1};
    Bench bench;
    bench.win();
    bench.ack(2, {.config = old});
    bench.ack(3, {.config = old});
    const auto ticket = bench.command(Remove{"3"});
    ASSERT_TRUE(bench.out.done.empty()) << "accepted, and waits for K2";

    bench.lead_on(kE, {3}, {.config = old});  // 2 falls silent
    std::vector<Done> ended;
    while (ended.empty() && bench.now < Instant(std::chrono::hours(2))) {
        bench.pass(kH);
        ended = bench.out.done;
        bench.ack(3);
    }

    ASSERT_EQ(ended.size(), 1u);
    EXPECT_EQ(ended[0].ticket, ticket);
    EXPECT_EQ(ended[0].refused, Reason::would_lose_quorum);
    EXPECT_EQ(bench.node.electorate().voters.size(), 3u);
    EXPECT_TRUE(bench.leads());
}

// ---- what a removal would do

// Changes nothing and sends nothing about it.
void expect_no_change(const Bench& bench) {
    EXPECT_EQ(bench.node.electorate().voters.size(), 3u);
    EXPECT_TRUE(bench.node.electorate().banned.empty());
    EXPECT_FALSE(bench.node.leaving());
    EXPECT_FALSE(bench.node.draining());
    EXPECT_TRUE(bench.leads());
}

TEST(RemovalDryRun, SaysAtOnceThatAVoterMayGoAndLeavesItThere) {  // 6.4, M7
    for (const auto& who : {std::string("3"), uuid(3).value}) {
        auto bench = leader();
        bench.lead_on(kH, {2, 3});

        const auto ticket = bench.command(Remove{.node = who, .dry_run = true});

        EXPECT_EQ(only_done(bench).ticket, ticket);
        EXPECT_EQ(only_done(bench).refused, Reason::none);
        expect_no_change(bench);
        bench.lead_on(2 * kE, {2, 3});
        expect_no_change(bench);
    }
}

TEST(RemovalDryRun, IsRefusedForTheReasonsOfARemoval) {  // M7
    auto bench = leader();
    bench.pass(kH);
    bench.ack(3);
    bench.lead_on(kE, {3});  // 2 is silent for E

    bench.command(Remove{.node = "3", .dry_run = true});
    EXPECT_EQ(only_done(bench).refused, Reason::would_lose_quorum);
    bench.command(Remove{.node = "1", .dry_run = true});
    EXPECT_EQ(only_done(bench).refused, Reason::would_lose_quorum) << "the leader itself";
    bench.command(Remove{.node = "9", .dry_run = true});
    EXPECT_EQ(only_done(bench).refused, Reason::unknown_node);
    bench.command(Remove{.node = "2", .dry_run = true});
    EXPECT_EQ(only_done(bench).refused, Reason::none);
    expect_no_change(bench);

    Bench follower;
    follower.command(Remove{.node = "2", .dry_run = true});
    EXPECT_EQ(only_done(follower).refused, Reason::not_leader);
}

TEST(RemovalDryRun, WaitsForAVoterWhoseLastAckIsOld) {  // M7
    auto bench = doubtful();
    const auto ticket = bench.command(Remove{.node = "3", .dry_run = true});
    ASSERT_TRUE(bench.out.done.empty());

    bench.pass(kH);
    bench.ack(2);

    EXPECT_EQ(only_done(bench).ticket, ticket);
    EXPECT_EQ(only_done(bench).refused, Reason::none);
    expect_no_change(bench);
}

TEST(RemovalDryRun, OfTheLeaderHandsNothingOver) {  // 6.4, E1
    auto bench = leader();
    bench.lead_on(kH, {2, 3});

    bench.command(Remove{.node = "1", .dry_run = true});

    EXPECT_EQ(only_done(bench).refused, Reason::none);
    expect_no_change(bench);
}

TEST(Removal, OfNobodyKnownIsRefused) {
    auto bench = leader();

    bench.command(Remove{"9"});

    EXPECT_EQ(only_done(bench).refused, Reason::unknown_node);
}

TEST(Removal, AnObserverIsBannedWithoutAChangeOfVoters) {  // 6.4
    auto bench = leader();
    bench.hello(sender(9));

    bench.command(Remove{"9"});

    EXPECT_EQ(bench.node.electorate().voters, electorate({1, 2, 3}).voters);
    EXPECT_TRUE(bench.node.electorate().bans(uuid(9)));
}

TEST(Removal, TheLast64BannedAreKept) {  // 6.4
    auto config = electorate({1, 2});
    for (int n = 100; n < 200; ++n) config = config.banning(uuid(n), 1);

    EXPECT_EQ(config.banned.size(), 64u);
    EXPECT_TRUE(config.bans(uuid(199)));
    EXPECT_FALSE(config.bans(uuid(135)));
}

TEST(Removal, ThatALostLeadCutsShortIsRefused) {
    auto bench = leader();
    const auto ticket = bench.command(Remove{"3"});

    bench.heartbeat(2, 9);

    EXPECT_EQ(only_done(bench).ticket, ticket);
    EXPECT_EQ(only_done(bench).refused, Reason::not_leader);
}

TEST(Removal, OutlivesAReElectionInPlace) {  // C4
    auto bench = leader();
    bench.lead_on(kH, {2, 3});
    const auto ticket = bench.command(Remove{"3"});

    bench.ack(2, {.accepted = false, .term = 6});
    ASSERT_TRUE(bench.is<Candidate>());
    EXPECT_TRUE(bench.out.done.empty());
    bench.answer_vote(2);
    ASSERT_TRUE(bench.is<Leading>());
    bench.pass(kH);
    bench.ack(2);

    EXPECT_FALSE(bench.node.electorate().has(uuid(3)));
    EXPECT_EQ(only_done(bench).ticket, ticket);
    EXPECT_EQ(only_done(bench).refused, Reason::none);
}

TEST(Removal, AVoterThatWantsNoVoteLosesItWithoutABan) {  // 6.4
    auto bench = leader();
    bench.pass(kH);
    bench.ack(2);

    bench.ack(3, {.wants_vote = false});

    EXPECT_EQ(bench.node.electorate().voters, electorate({1, 2}).voters);
    EXPECT_FALSE(bench.node.electorate().bans(uuid(3)));
}

}  // namespace
}  // namespace electiond
