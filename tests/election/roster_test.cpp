// What a leader knows of its followers by their acks.
#include "election/roster.h"

#include "bench.h"

namespace electiond {
namespace {

const Instant kStart(std::chrono::hours(1));
const auto kThree = electorate({1, 2, 3});

Roster three() { return {kThree, uuid(1), kStart}; }

HeartbeatReply ack(std::uint64_t seq) {
    return {.accepted = true,
            .seq = seq,
            .config = {0, 1},
            .view = 1,
            .eligible = true,
            .priority = 100};
}

TEST(Roster, ANewLeadKnowsTheOtherVotersByNameAndNoAcks) {  // C3: forget all acks
    const auto roster = three();

    EXPECT_EQ(roster.all().size(), 2u);
    EXPECT_EQ(roster.find(uuid(1)), nullptr) << "not itself";
    ASSERT_NE(roster.find(uuid(2)), nullptr);
    EXPECT_FALSE(roster.find(uuid(2))->acked);
    EXPECT_EQ(roster.find(uuid(2))->heard(), kStart) << "silence counts from winning (M5)";
    EXPECT_FALSE(roster.quorum_ack(kThree, uuid(1), kStart));
    EXPECT_FALSE(roster.config_held(kThree, uuid(1)));
}

TEST(Roster, TheQuorumsNewestAckIsThatOfTheQuorumthVoter) {  // L1
    const auto five = electorate({1, 2, 3, 4, 5});
    Roster roster(five, uuid(1), kStart);
    const Instant now = kStart + 10s;
    roster.ack(uuid(2), ack(1), kStart + 1s, now, kE);
    EXPECT_FALSE(roster.quorum_ack(five, uuid(1), now)) << "two of five";
    roster.ack(uuid(3), ack(1), kStart + 2s, now, kE);
    EXPECT_EQ(roster.quorum_ack(five, uuid(1), now), kStart + 1s);
    roster.ack(uuid(4), ack(1), kStart + 3s, now, kE);
    EXPECT_EQ(roster.quorum_ack(five, uuid(1), now), kStart + 2s);
    roster.ack(uuid(5), ack(1), kStart + 4s, now, kE);
    EXPECT_EQ(roster.quorum_ack(five, uuid(1), now), kStart + 3s);
    EXPECT_EQ(roster.quorum_ack(five, uuid(1), kStart), kStart + 2s) << "the own one is one of all";
}

TEST(Roster, AcksOfWhoIsNoVoterDoNotCountForALease) {
    auto roster = three();
    roster.note(id(9), uuid(9), kStart);
    roster.ack(uuid(9), ack(1), kStart, kStart, kE);

    EXPECT_FALSE(roster.quorum_ack(kThree, uuid(1), kStart));
    EXPECT_FALSE(roster.config_held(kThree, uuid(1)));
}

TEST(Roster, AnAckOfAnUnknownIsNothing) {
    auto roster = three();

    roster.ack(uuid(9), ack(1), kStart, kStart, kE);

    EXPECT_EQ(roster.find(uuid(9)), nullptr);
}

TEST(Roster, AnOlderOrRepeatedAckTellsNothingNew) {
    auto roster = three();
    roster.ack(uuid(2), ack(5), kStart + 500ms, kStart + 500ms, kE);

    auto late = ack(4);
    late.eligible = false;
    late.config = {0, 0};
    roster.ack(uuid(2), late, kStart + 400ms, kStart + 600ms, kE);
    roster.ack(uuid(2), ack(5), kStart + 500ms, kStart + 700ms, kE);

    const auto& follower = *roster.find(uuid(2));
    EXPECT_EQ(follower.acked, kStart + 500ms);
    EXPECT_TRUE(follower.eligible);
    EXPECT_EQ(follower.config, (ConfigNumber{0, 1}));
    EXPECT_EQ(follower.streak, 1u);
}

TEST(Roster, AQuorumHoldsTheConfigWhereItAckedExactlyIt) {  // K2
    auto roster = three();
    auto other = ack(1);
    for (const ConfigNumber number : {ConfigNumber{0, 0}, ConfigNumber{0, 2}, ConfigNumber{1, 1}}) {
        other.config = number;
        ++other.seq;
        roster.ack(uuid(2), other, kStart, kStart, kE);
        EXPECT_FALSE(roster.config_held(kThree, uuid(1)));
    }
    roster.ack(uuid(2), ack(9), kStart, kStart, kE);

    EXPECT_TRUE(roster.config_held(kThree, uuid(1))) << "two of three, the leader among them";
}

TEST(Roster, SteadyMeansWithoutAGapLongerThanE) {  // M1
    auto roster = three();
    const auto at = [&](std::uint64_t seq, Duration when) {
        roster.ack(uuid(2), ack(seq), kStart + when, kStart + when, kE);
        return *roster.find(uuid(2));
    };

    EXPECT_EQ(at(1, 0s).steady_since, kStart);
    EXPECT_EQ(at(2, kE).steady_since, kStart) << "a gap of E is none longer than E";
    EXPECT_EQ(at(2, kE).streak, 2u);
    const auto torn = at(3, 2 * kE + kTick);
    EXPECT_EQ(torn.steady_since, kStart + 2 * kE + kTick);
    EXPECT_EQ(torn.streak, 1u);
}

TEST(Roster, RoundTripsAreSmoothed) {  // R1
    auto roster = three();
    roster.ack(uuid(2), ack(1), kStart, kStart + 8ms, kE);
    EXPECT_EQ(roster.find(uuid(2))->rtt, 8ms);

    roster.ack(uuid(2), ack(2), kStart, kStart + 16ms, kE);
    EXPECT_EQ(roster.find(uuid(2))->rtt, 9ms);
}

TEST(Roster, ObserversSilentForDeadAfterAreForgottenVotersNever) {  // B6, M6
    auto roster = three();
    roster.note(id(9), uuid(9), kStart);
    const Instant dead = kStart + 30s;

    roster.forget_silent_observers(kThree, dead - kTick, 30s);
    EXPECT_NE(roster.find(uuid(9)), nullptr);
    roster.forget_silent_observers(kThree, dead, 30s);

    EXPECT_EQ(roster.find(uuid(9)), nullptr);
    EXPECT_NE(roster.find(uuid(2)), nullptr) << "no failure detector shrinks a quorum";
}

TEST(Roster, FreshMeansYoungerThan) {
    auto roster = three();
    EXPECT_FALSE(roster.fresh(uuid(2), kStart, kE)) << "no ack";
    roster.ack(uuid(2), ack(1), kStart, kStart, kE);

    EXPECT_TRUE(roster.fresh(uuid(2), kStart + kE - kTick, kE));
    EXPECT_FALSE(roster.fresh(uuid(2), kStart + kE, kE));
    EXPECT_FALSE(roster.fresh(uuid(9), kStart, kE));
}

TEST(Roster, ANodeIsNotedOnce) {
    auto roster = three();

    EXPECT_TRUE(roster.note(id(9), uuid(9), kStart));
    EXPECT_FALSE(roster.note(id(9), uuid(9), kStart + 1s));
    EXPECT_EQ(roster.find(uuid(9))->noted, kStart) << "oldest first (M1)";
    EXPECT_FALSE(roster.note(id(2), uuid(2), kStart)) << "a voter is known";
}

}  // namespace
}  // namespace electiond
