// Leases and check quorum: L1 to L3 of protocol.md, thesis 6.2 and 6.4.
#include "bench.h"

namespace electiond {
namespace {

const Duration kLease = kTiming.lease();

Instant sent_at(const Bench& bench, std::uint64_t seq) { return *bench.lead().rounds.sent(seq); }

TEST(Leases, ALeaseIsTheElectionTimeoutLessTheDriftOfBothClocks) {  // §4.4 Λ
    EXPECT_LE(kLease, Duration(kE) * 990 / 1010);
    EXPECT_GT(kLease, Duration(kE) * 990 / 1010 - Duration(1010));
    EXPECT_EQ(less_drift(0ns), 0ns);
}

TEST(Leases, TheyCountFromTheSendingOfTheRoundThatWasAcked) {  // L1, thesis 6.4.1
    Bench bench;
    bench.win();
    const Instant sent = bench.now;
    bench.sleep(kH / 2);

    bench.ack(2);

    ASSERT_TRUE(bench.node.lease());
    EXPECT_EQ(bench.node.lease()->until, sent + kLease) << "never from the arrival of the ack";
    EXPECT_EQ(bench.node.lease()->term, bench.term());
}

TEST(Leases, ALateAckCountsForItsOwnRound) {  // L1: send time of that seq
    Bench bench;
    bench.win();
    const Instant first = bench.now;
    bench.pass(3 * kH);

    bench.ack(2, {.seq = 1});

    EXPECT_EQ(bench.node.lease()->until, first + kLease);
}

TEST(Leases, TheyLastAsLongAsTheQuorumsNewestAck) {  // L1: the quorum-th newest
    Bench bench(member({1, 2, 3, 4, 5}));
    bench.win({2, 3, 4, 5});

    bench.ack(2);
    EXPECT_FALSE(bench.node.lease()) << "two of five are no quorum";
    bench.pass(kH);
    bench.ack(2);
    bench.ack(3, {.seq = 1});
    EXPECT_EQ(bench.node.lease()->until, sent_at(bench, 1) + kLease);
    bench.ack(4);
    EXPECT_EQ(bench.node.lease()->until, sent_at(bench, 2) + kLease);
}

TEST(Leases, AnEvenNumberOfVotersNeedsMoreThanHalf) {
    Bench bench(member({1, 2, 3, 4}));
    bench.win({2, 3, 4});

    bench.ack(2);
    EXPECT_FALSE(bench.leads());
    bench.ack(3);
    EXPECT_TRUE(bench.leads());
}

TEST(Leases, WhatDoesNotCountForThem) {  // I2, L1
    Bench bench;
    bench.win();
    bench.hello(sender(9));

    bench.ack(9);
    EXPECT_FALSE(bench.leads()) << "an observer's ack never counts";
    bench.ack(2, {.accepted = false});
    EXPECT_FALSE(bench.leads()) << "a refused heartbeat";
    bench.ack(2, {.seq = 0});
    bench.ack(2, {.seq = 99});
    EXPECT_FALSE(bench.leads()) << "a round that was never sent";
    bench.ack(2, {.request_term = bench.term() - 1});
    EXPECT_FALSE(bench.leads()) << "an ack of a former term";
    bench.ack(2, {.cluster = "other"});
    EXPECT_FALSE(bench.leads()) << "an ack of another cluster";
    bench.ack(1);
    EXPECT_FALSE(bench.leads()) << "its own ack, come from outside";

    bench.ack(2);
    EXPECT_TRUE(bench.leads());
}

TEST(Leases, AReorderedOrRepeatedAckNeverShortensThem) {  // L1: max
    Bench bench;
    bench.win();
    bench.pass(2 * kH);
    bench.ack(2);
    const auto until = bench.node.lease()->until;

    bench.ack(2, {.seq = 1});
    bench.ack(2);

    EXPECT_EQ(bench.node.lease()->until, until);
}

TEST(Leases, ALeaderThatHearsAQuorumLeadsOn) {  // thesis 6.4
    Bench bench;
    bench.take_the_lead();

    for (int second = 0; second < 60; ++second) {
        bench.lead_on(1s, {3});
        EXPECT_TRUE(bench.leads());
    }

    EXPECT_EQ(bench.term(), 1u);
}

TEST(Leases, ALeaderThatHearsNoQuorumStepsDownWhenItsLeaseEnds) {  // L2, thesis 6.2
    Bench bench;
    bench.take_the_lead();
    const Instant end = bench.node.lease()->until;

    bench.pass(end - bench.now - kTick);
    EXPECT_TRUE(bench.leads());
    EXPECT_TRUE(bench.is<Leading>());
    bench.pass(kTick);

    EXPECT_TRUE(bench.is<Following>());
    EXPECT_FALSE(bench.node.lease());
    EXPECT_FALSE(bench.node.followed());
    EXPECT_EQ(bench.out.grants, Grants::close);
    const auto told = bench.told<LeaderLost>();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].reason, Reason::lease_expired);
}

TEST(Leases, AFreshLeaderThatHearsNoQuorumGivesUpAfterD) {  // L2: D since winning
    Bench bench;
    bench.win();

    bench.pass(kE - kTick);
    EXPECT_TRUE(bench.is<Leading>());
    bench.pass(kTick);

    EXPECT_TRUE(bench.is<Following>());
}

TEST(Leases, AfterAReElectionInPlaceTheOldLeaseDoesNotCountAsTheNew) {  // L2: lease.term ≠ term
    Bench bench;
    bench.take_the_lead();
    bench.ack(3, {.accepted = false, .term = 6});
    bench.answer_vote(3);
    ASSERT_TRUE(bench.is<Leading>());
    const Instant won = bench.now;

    bench.pass(bench.node.lease()->until - bench.now);
    EXPECT_FALSE(bench.leads()) << "the old one has run out";
    EXPECT_TRUE(bench.is<Leading>()) << "but D since winning has not passed";
    bench.pass(won + kE - bench.now);

    EXPECT_TRUE(bench.is<Following>());
}

TEST(Leases, ALeaderThatSleptFindsItsLeaseRunOutBeforeItDoesAnything) {  // I3
    Bench bench;
    bench.take_the_lead();

    bench.sleep(std::chrono::minutes(1));
    EXPECT_FALSE(bench.leads()) << "computed at the moment of asking";
    bench.ack(2);

    EXPECT_TRUE(bench.is<Following>());
    EXPECT_FALSE(bench.node.lease());
}

TEST(Leases, ALeaderThatSleptReElectsItselfNot) {  // I3 before C4
    Bench bench;
    bench.take_the_lead();

    bench.sleep(std::chrono::minutes(1));
    bench.ack(3, {.accepted = false, .term = 6});

    EXPECT_TRUE(bench.is<Following>());
    EXPECT_EQ(bench.term(), 1u) << "the answer is none to its current activity any more (I2)";
}

TEST(Leases, AfterTheLossOfTheLeadItWaitsAsLongAsAFollower) {  // §7, L3
    Bench bench;
    bench.take_the_lead();
    bench.pass_until([&] { return bench.is<Following>(); });
    const Instant lost = bench.now;

    bench.campaign();

    EXPECT_GE(bench.now - lost, kE);
    EXPECT_LE(bench.now - lost, kE + kS);
}

// ---- L3: the promise to itself

TEST(Leases, TheLeaderPromisesItselfWhatItAsksOfOthersAndSavesIt) {  // L3, trace 1
    Bench bench;
    bench.win({2});

    ASSERT_TRUE(bench.out.save) << "before the first round leaves";
    EXPECT_EQ(bench.out.save->promise, kE);
    EXPECT_EQ(bench.node.promise().to, uuid(1));
    EXPECT_EQ(bench.node.promise().until, bench.now + kE);
    EXPECT_EQ(bench.sent_to<Heartbeat>(2)->promise, kE);

    bench.ack(2);
    bench.pass(kH);
    EXPECT_FALSE(bench.out.save) << "once";
    EXPECT_EQ(bench.node.promise().until, bench.now + kE) << "renewed in each round";
}

TEST(Leases, ALeaderVotesNobodyIntoOfficeWhileItsClientsMayRelyOnIt) {  // L3
    Bench bench;
    bench.take_the_lead();
    bench.pass(kH);

    EXPECT_FALSE(bench.asks_vote(2, 5));
    EXPECT_EQ(bench.reason(), Reason::promised);
    EXPECT_TRUE(bench.leads());
}

TEST(Leases, NorAfterARestart) {  // L3, trace 1
    Bench bench(member({1}));
    bench.campaign();
    ASSERT_TRUE(bench.leads());

    Bench again(bench.node.durable());

    again.pass(kE - kTick);
    EXPECT_FALSE(again.asks_vote(2, 5));
    EXPECT_EQ(again.reason(), Reason::promised);
    EXPECT_TRUE(again.is<Following>());
    again.pass(kTick);
    EXPECT_TRUE(again.leads());
}

TEST(Leases, TheRulesOfAPromise) {  // H2, L3, V1
    const Instant start{};
    Promise promise{.to = {}, .until = start + 5s};
    EXPECT_TRUE(promise.binds(start, uuid(1)));
    EXPECT_FALSE(promise.binds(start + 5s, uuid(1)));

    promise.give(uuid(2), start + 1s);
    EXPECT_EQ(promise.until, start + 5s) << "nobody's promise is everybody's";
    EXPECT_FALSE(promise.binds(start, uuid(2)));
    EXPECT_TRUE(promise.binds(start, uuid(3)));

    promise.give(uuid(2), start + 2s);
    EXPECT_EQ(promise.until, start + 5s);
    promise.give(uuid(3), start + 2s);
    EXPECT_EQ(promise.until, start + 2s);
}

TEST(Leases, RoundsKnowWhenTheyWereSent) {  // L1
    Rounds rounds;
    EXPECT_FALSE(rounds.sent(0));
    EXPECT_FALSE(rounds.sent(1));
    for (int n = 1; n <= 1000; ++n) EXPECT_EQ(rounds.open(Instant(Milliseconds(n))), unsigned(n));

    EXPECT_EQ(rounds.sent(1000), Instant(1000ms));
    EXPECT_EQ(rounds.sent(745), Instant(745ms));
    EXPECT_FALSE(rounds.sent(744)) << "so old that it is worth nothing";
    EXPECT_FALSE(rounds.sent(0));
    EXPECT_FALSE(rounds.sent(1001));
    EXPECT_FALSE(rounds.sent(~std::uint64_t{0}));
}

}  // namespace
}  // namespace electiond
