// Who leaves (6.4), also the leader, and changing places with a standby (E1 of protocol.md).
#include "removal_scene.h"

namespace electiond {
namespace {

const Instant kNothingGranted{};

Electorate heard_config(const Bench& bench, std::initializer_list<int> voters) {
    auto config = electorate(voters, bench.node.electorate().number);
    ++config.number.version;
    return config;
}

TEST(Removal, ALeavingVoterIsTakenOutAndBanned) {  // 6.4
    auto bench = leader();
    bench.pass(kH);
    bench.ack(2);

    bench.ack(3, {.eligible = false, .leaving = true});

    EXPECT_EQ(bench.node.electorate().voters, electorate({1, 2}).voters);
    EXPECT_TRUE(bench.node.electorate().bans(uuid(3)));
}

TEST(Removal, NobodyIsLetGoWhereTheQuorumWouldBeLost) {  // M7
    for (const Ack& ack : {Ack{.eligible = false, .leaving = true}, Ack{.wants_vote = false}}) {
        auto bench = leader();
        bench.lead_on(kE, {3});  // 2 is silent for E
        for (int round = 0; round < 30; ++round) {
            bench.pass(kH);
            bench.ack(3, ack);
        }

        EXPECT_EQ(bench.node.electorate().voters, electorate({1, 2, 3}).voters);
        EXPECT_TRUE(bench.leads());
        bench.pass(kH);
        bench.ack(2);
        bench.ack(3, ack);
        EXPECT_EQ(bench.node.electorate().voters, electorate({1, 2}).voters);
    }
}

// ---- the one who goes

TEST(Removal, WhoLeavesAcksLeavingUntilItIsOut) {  // 6.4
    Bench bench;
    bench.heartbeat(2, 1);

    const auto ticket = bench.command(Leave{});
    auto reply = bench.heartbeat(2, 1);
    EXPECT_TRUE(reply.leaving);
    EXPECT_FALSE(reply.eligible);
    EXPECT_TRUE(bench.out.done.empty());

    auto beat = bench.beat();
    beat.config = heard_config(bench, {2, 3});
    beat.config->banned = {uuid(1)};
    beat.number = beat.config->number;
    reply = bench.heartbeat(2, 1, beat);
    EXPECT_EQ(only_done(bench).ticket, ticket);
    EXPECT_EQ(only_done(bench).refused, Reason::none);
    EXPECT_TRUE(bench.node.durable().left);
    EXPECT_FALSE(bench.heartbeat(2, 1).wants_vote);
}

TEST(Removal, ALeaveThatTheLeaderDoesNotDareIsGivenUp) {  // 6.4, M7
    Bench bench;
    const auto ticket = bench.command(Leave{});
    Effects last;
    for (Duration passed{0}; passed < 5 * kE; passed += kH) {
        bench.pass(kH);
        if (!bench.out.done.empty()) last = bench.out;
        bench.heartbeat(2, 1);
    }

    ASSERT_EQ(last.done.size(), 1u);
    EXPECT_EQ(last.done[0].ticket, ticket);
    EXPECT_EQ(last.done[0].refused, Reason::would_lose_quorum);
    EXPECT_FALSE(bench.heartbeat(2, 1).leaving);
}

TEST(Removal, WhoFindsItselfBannedHasLeftAndVotesAsBefore) {  // 6.4
    Bench bench;
    auto beat = bench.beat();
    beat.config = heard_config(bench, {2, 3});
    beat.config->banned = {uuid(1)};
    beat.number = beat.config->number;

    EXPECT_TRUE(bench.heartbeat(2, 1, beat).accepted);

    ASSERT_TRUE(bench.out.save);
    EXPECT_TRUE(bench.out.save->left);
    EXPECT_TRUE(bench.heartbeat(2, 1, beat).accepted);
    bench.sleep(kE);
    EXPECT_TRUE(bench.asks_vote(3, 2)) << "its removal may not be held by a quorum yet";
    bench.pass(60 * kE);
    EXPECT_TRUE(bench.sent<PreVote>().empty());
    EXPECT_TRUE(bench.sent<Hello>().empty());
}

TEST(Removal, ANewerConfigThatListsItClearsLeft) {  // 6.4
    auto durable = member({2, 3});
    durable.left = true;
    Bench bench(durable);
    auto beat = bench.beat();
    beat.config = heard_config(bench, {1, 2, 3});
    beat.number = beat.config->number;

    bench.heartbeat(2, 1, beat);

    EXPECT_FALSE(bench.node.durable().left);
}

TEST(Removal, ALeaderThatIsToGoHandsOverFirst) {  // 6.4
    auto bench = leader();

    const auto ticket = bench.command(Remove{"1"});
    ASSERT_TRUE(bench.node.draining());
    bench.feed(GrantsClosed{kNothingGranted});
    EXPECT_EQ(bench.sent<TimeoutNow>().size(), 1u);
    EXPECT_TRUE(bench.heartbeat(2, 2).leaving);

    auto beat = bench.beat();
    beat.config = electorate({2, 3}, {2, 2});
    beat.config->banned = {uuid(1)};
    beat.number = beat.config->number;
    bench.heartbeat(2, 2, beat);
    EXPECT_EQ(only_done(bench).ticket, ticket);
    EXPECT_TRUE(bench.node.durable().left);
}

TEST(Removal, ALeaderWaitsForAnOldAckBeforeItLeaves) {  // M7, 6.4
    auto bench = leader();
    bench.lead_on(2 * kE);
    bench.lead_on(2 * kH, {3});
    bench.command(Leave{});
    EXPECT_TRUE(bench.out.done.empty());
    EXPECT_FALSE(bench.node.draining());

    auto still = bench;
    bench.pass(kH);
    bench.ack(2);
    EXPECT_TRUE(bench.node.draining());

    const Instant asked = still.now;
    std::vector<Done> ended;
    while (ended.empty() && still.now < asked + 2 * kE) {
        still.pass(kH);
        ended = still.out.done;
        still.ack(3);
    }
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_EQ(ended[0].refused, Reason::would_lose_quorum);
    EXPECT_LE(still.now, asked + kE);
    EXPECT_TRUE(still.leads());
}

TEST(Removal, ALeaderWhoseGoingWouldLoseTheQuorumKeepsTheLead) {  // M7
    for (const CommandBody& command : {CommandBody(Remove{"1"}), CommandBody(Leave{})}) {
        auto bench = leader();
        bench.lead_on(2 * kE, {3});  // 2 is silent

        bench.command(command);

        EXPECT_EQ(only_done(bench).refused, Reason::would_lose_quorum);
        EXPECT_FALSE(bench.node.leaving());
        EXPECT_FALSE(bench.node.draining());
        EXPECT_TRUE(bench.leads());
    }
}

TEST(Removal, ALeaderWithNobodyToHandOverToMayNotLeave) {  // E1: not_eligible
    Bench bench(member({1}));
    bench.campaign();

    bench.command(Leave{});

    EXPECT_EQ(only_done(bench).refused, Reason::not_eligible);
    EXPECT_TRUE(bench.leads());
    EXPECT_FALSE(bench.node.leaving()) << "a `leaving` already set is dropped";
    EXPECT_TRUE(bench.node.eligible());
}

// ---- E1: two nodes, one voter and one standby, change places

// A lone voter 1 that leads, and its standby 2.
Bench with_standby() {
    Bench bench(member({1}));
    bench.campaign();
    bench.hello(sender(2));
    bench.lead_on(2 * kTiming.stable_after, {2});
    EXPECT_EQ(bench.node.electorate().voters, electorate({1}).voters);
    return bench;
}

TEST(Removal, WhereNoVoterMayLeadAStandbyIsPromotedAndHandedTheLead) {  // E1
    auto bench = with_standby();

    bench.command(StepDown{});
    EXPECT_EQ(bench.node.electorate().voters, electorate({1, 2}).voters) << "M4 notwithstanding";
    EXPECT_FALSE(bench.node.draining()) << "not before it holds that config (T1)";
    bench.pass(kH);
    bench.ack(2);
    ASSERT_TRUE(bench.node.draining());
    bench.feed(GrantsClosed{kNothingGranted});

    EXPECT_TRUE(bench.sent_to<TimeoutNow>(2));
}

TEST(Removal, AStandbyThatIsPromotedRemainsWhenTheOldLeaderLeaves) {  // E1, M7
    auto bench = with_standby();

    bench.command(Leave{});

    EXPECT_EQ(bench.node.electorate().voters, electorate({1, 2}).voters);
    EXPECT_TRUE(bench.out.done.empty());
}

TEST(Removal, OfSeveralStandbysTheBestOneIsPromoted) {  // E1
    auto policy = plain();
    policy.max_voters = 1;
    Bench bench(member({1}), policy);
    bench.campaign();
    for (const int n : {2, 3, 4}) bench.hello(sender(n));
    for (const Instant end = bench.now + 2 * kTiming.stable_after; bench.now < end;) {
        bench.pass(kH);
        bench.ack(2, {.priority = 100});
        bench.ack(3, {.priority = 200});
        bench.ack(4, {.priority = 300, .cooling = true});
    }

    bench.command(StepDown{});

    EXPECT_EQ(bench.node.electorate().voters, electorate({1, 3}).voters);
}

TEST(Removal, WhereTheStandbyCannotBecomeAVoterTheLeadIsGivenUpWithoutIt) {  // E1, K2
    auto bench = leader();
    const Ack behind{.config = ConfigNumber{0, 1}, .eligible = false};
    bench.hello(sender(4));
    for (const Instant end = bench.now + 2 * kTiming.stable_after; bench.now < end;) {
        bench.pass(kH);
        for (const int n : {2, 3}) bench.ack(n, behind);
        bench.ack(4);
    }

    bench.command(StepDown{});
    EXPECT_EQ(bench.node.electorate().voters, electorate({1, 2, 3}).voters) << "no quorum holds it";
    EXPECT_FALSE(bench.node.draining());
    bench.lead_on(kE, {2, 3}, behind);

    EXPECT_TRUE(bench.node.draining());
    EXPECT_EQ(bench.node.electorate().voters, electorate({1, 2, 3}).voters);
}

TEST(Removal, FromItsFirstHeartbeatOnTheOldLeaderWantsNoVote) {  // E1
    auto bench = with_standby();
    bench.command(StepDown{});
    bench.pass(kH);
    bench.ack(2);
    bench.feed(GrantsClosed{kNothingGranted});
    EXPECT_TRUE(bench.node.wants_vote());

    EXPECT_FALSE(bench.heartbeat(2, 2).wants_vote);
    EXPECT_TRUE(bench.out.done.empty()) << "it waits for the config without it";

    auto beat = bench.beat();
    beat.config = electorate({2}, {2, 3});
    beat.number = beat.config->number;
    bench.heartbeat(2, 2, beat);
    EXPECT_EQ(only_done(bench).successor, id(2));
    EXPECT_TRUE(bench.heartbeat(2, 2).wants_vote) << "a standby from now on";
    EXPECT_FALSE(bench.node.durable().left);
}

TEST(Removal, WhereTheStandbyNeverLeadsTheOldLeaderIsAVoterAgain) {  // E1: or no leader for 2 E
    auto bench = with_standby();
    bench.command(StepDown{});
    bench.pass(kH);
    bench.ack(2);
    bench.feed(GrantsClosed{kNothingGranted});

    bench.pass(3 * kE);

    EXPECT_TRUE(bench.node.wants_vote());
    EXPECT_TRUE(bench.heartbeat(2, 2).wants_vote) << "its time is over";
}

}  // namespace
}  // namespace electiond
