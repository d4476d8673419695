// The changes that an election tells: each once, with the times that the gap is computed from.
#include "bench.h"

namespace electiond {
namespace {

const Instant kNothingGranted{};

template <class Kind>
Kind only(const Bench& bench) {
    const auto told = bench.told<Kind>();
    EXPECT_EQ(told.size(), 1u);
    return told.empty() ? Kind{} : told.front();
}

// ---- when the leader before was last known to lead

TEST(Telling, TheFirstLeaderHasNoneBefore) {
    Bench bench;

    bench.heartbeat(2, 3);

    const auto gained = only<LeaderGained>(bench);
    EXPECT_FALSE(gained.own);
    EXPECT_FALSE(gained.before_until);
}

TEST(Telling, OnAFollowerTheLeaderBeforeEndsWithItsLastHeartbeat) {
    Bench bench;
    bench.heartbeat(2, 3);
    bench.pass(kH);
    bench.heartbeat(2, 3);
    const Instant last = bench.now;
    bench.pass(kE);
    EXPECT_EQ(only<LeaderLost>(bench).leader, (KnownLeader{uuid(2), id(2), 3}));

    bench.heartbeat(3, 4);

    EXPECT_EQ(only<LeaderGained>(bench).before_until, last);
}

TEST(Telling, AlsoIfTheNewLeaderIsHeardBeforeTheOldOneIsMissed) {
    Bench bench;
    bench.heartbeat(2, 3);
    const Instant last = bench.now;
    bench.pass(kH);

    bench.heartbeat(3, 4);

    EXPECT_EQ(only<LeaderGained>(bench).before_until, last);
    EXPECT_TRUE(bench.told<LeaderLost>().empty());
}

TEST(Telling, AfterAPauseItIsStillTheLastHeartbeat) {
    Bench bench;
    bench.heartbeat(2, 3);
    const Instant last = bench.now;
    bench.sleep(20 * kE);

    bench.heartbeat(3, 4);

    EXPECT_EQ(only<LeaderGained>(bench).before_until, last);
}

TEST(Telling, OnTheOldLeaderItEndsWithTheLease) {
    Bench bench;
    bench.take_the_lead();
    const Instant end = bench.node.lease()->until;
    bench.pass_until([&] { return !bench.leads(); });
    EXPECT_EQ(only<LeaderLost>(bench).leader.uuid, uuid(1));
    bench.sleep(2 * kE);

    bench.heartbeat(3, 4);

    EXPECT_EQ(only<LeaderGained>(bench).before_until, end);
}

TEST(Telling, AHandOverEndsTheLeadBeforeTheLease) {
    Bench bench;
    bench.take_the_lead();
    bench.sleep(kH / 2);
    bench.command(StepDown{});
    const Instant drained = bench.now;
    bench.feed(GrantsClosed{kNothingGranted});
    bench.sleep(kH / 2);

    bench.heartbeat(2, 2);

    EXPECT_EQ(only<LeaderGained>(bench).before_until, drained);
}

TEST(Telling, AReElectionInPlaceLeavesNoGap) {
    Bench bench;
    bench.take_the_lead();
    bench.ack(3, {.accepted = false, .term = 6});
    bench.answer_vote(3);
    bench.ack(2);

    const auto gained = only<LeaderGained>(bench);
    EXPECT_TRUE(gained.own);
    EXPECT_EQ(gained.leader.token, 7u);
    EXPECT_EQ(gained.before_until, bench.now);
}

TEST(Telling, NorDoesOneThatIsFollowed) {
    Bench bench;
    bench.heartbeat(2, 3);
    bench.pass(kH);

    bench.heartbeat(2, 7);

    const auto gained = only<LeaderGained>(bench);
    EXPECT_EQ(gained.reason, Reason::re_elected_in_place);
    EXPECT_EQ(gained.before_until, bench.now);
}

// ---- the voters

TEST(Telling, OfAVoterWhetherItCameOrWentAndWhatTheQuorumIsThen) {
    Bench bench;
    bench.heartbeat(2, 3);
    auto beat = bench.beat();
    beat.config = electorate({1, 2, 4, 5}, {3, 9});
    beat.number = beat.config->number;

    bench.heartbeat(2, 3, beat);

    const auto told = bench.told<VotersChanged>();
    ASSERT_EQ(told.size(), 3u);
    EXPECT_EQ(told[0].voter.uuid, uuid(4));
    EXPECT_TRUE(told[0].came);
    EXPECT_EQ(told[2].voter.uuid, uuid(3));
    EXPECT_FALSE(told[2].came);
    EXPECT_EQ(told[2].voters, 4u);
    EXPECT_EQ(told[2].quorum, 3u);
}

// ---- the grant book (§10)

TEST(Telling, TheBookIsOpenedOnceALead) {
    Bench bench;
    bench.win({2});
    EXPECT_EQ(bench.out.grants, Grants::open);

    bench.ack(2);
    EXPECT_EQ(bench.out.grants, Grants::unchanged);
    bench.pass(kH);
    EXPECT_EQ(bench.out.grants, Grants::unchanged);
}

TEST(Telling, AndNotAgainByAReElectionInPlace) {
    Bench bench;
    bench.take_the_lead();
    bench.ack(3, {.accepted = false, .term = 6});
    EXPECT_EQ(bench.out.grants, Grants::unchanged);

    bench.answer_vote(3);

    ASSERT_TRUE(bench.is<Leading>());
    EXPECT_EQ(bench.out.grants, Grants::unchanged);
}

TEST(Telling, ItIsClosedByAHandOverAndOpenedByTheNextLead) {
    Bench bench(member({1}));
    bench.campaign();
    bench.command(StepDown{});
    EXPECT_EQ(bench.out.grants, Grants::close);
    bench.feed(GrantsClosed{kNothingGranted});

    bench.pass_until([&] { return bench.leads(); });

    EXPECT_EQ(bench.out.grants, Grants::open);
}

// ---- the members

TEST(Telling, TheMembersViewOnlyWhenItHasChanged) {
    Bench bench;
    bench.win({2});
    EXPECT_TRUE(bench.out.members);

    bench.ack(2);
    EXPECT_TRUE(bench.out.members) << "its first ack in this lead";
    bench.ack(3);
    bench.pass(kH);
    bench.ack(2);
    EXPECT_FALSE(bench.out.members);
    bench.ack(3);
    bench.pass(kH);
    EXPECT_FALSE(bench.out.members) << "ages are no change";

    bench.ack(2, {.priority = 50});
    bench.ack(3);
    bench.pass(kH);
    EXPECT_TRUE(bench.out.members);
}

}  // namespace
}  // namespace electiond
