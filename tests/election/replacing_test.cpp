// Takeover (M2), lost disks (M5), dead voters (M6) and the order of it all (M7 of protocol.md).
#include "bench.h"

namespace electiond {
namespace {

using testing::ElementsAre;

std::vector<std::string> voters(const Bench& bench) {
    std::vector<std::string> all;
    for (const auto& each : bench.node.electorate().voters) all.push_back(each.uuid.value);
    return all;
}

// ---- M2

TEST(Takeover, AVoterOfHigherPriorityIsHandedTheLeadOnceItHasAckedLongEnough) {  // M2
    Bench bench;
    bench.take_the_lead();

    const auto one_round = [&] {
        bench.pass(kH);
        bench.ack(2, {.priority = 200});
        bench.ack(3);
    };
    const Instant won = bench.now;
    while (bench.now < won + kTiming.stable_after - kH) {
        one_round();
        ASSERT_FALSE(bench.lead().hand_over);
    }
    one_round();
    bench.pass(kH);

    ASSERT_TRUE(bench.lead().hand_over);
    EXPECT_EQ(bench.lead().hand_over->target, uuid(2));
    EXPECT_EQ(bench.lead().hand_over->cause, Reason::takeover);
}

TEST(Takeover, WhomTheLeadIsNotHandedTo) {  // M2, condition by condition
    for (const Ack& ack : {Ack{.priority = 100}, Ack{.eligible = false, .priority = 200},
                           Ack{.priority = 200, .cooling = true}}) {
        Bench bench;
        bench.take_the_lead();
        for (int round = 0; round < 60; ++round) {
            bench.pass(kH);
            bench.ack(2, ack);
            bench.ack(3);
            ASSERT_TRUE(bench.leads());
            ASSERT_FALSE(bench.lead().hand_over);
        }
    }

    Bench bench;
    bench.take_the_lead();
    bench.hello(sender(9));
    for (int round = 0; round < 60; ++round) {
        bench.pass(kH);
        for (const int n : {2, 3}) bench.ack(n);
        bench.ack(9, {.priority = 200});
        ASSERT_FALSE(bench.lead().hand_over) << "9 is no voter";
    }
}

TEST(Takeover, AFlappingFavouriteIsWaitedForLongerAndLonger) {  // M2: stable_after × 2^k
    Bench bench;
    bench.take_the_lead();
    const auto lead_for = [&](Duration length, bool favourite) {
        for (const Instant end = bench.now + length; bench.now < end;) {
            bench.pass(kH);
            bench.ack(3);
            if (favourite) bench.ack(2, {.priority = 200});
            if (bench.lead().hand_over) return true;
        }
        return false;
    };
    EXPECT_FALSE(lead_for(kTiming.stable_after - 2 * kH, true));
    EXPECT_FALSE(lead_for(kE + 2 * kH, false));  // it falls silent: k = 1

    EXPECT_FALSE(lead_for(2 * kTiming.stable_after - 2 * kH, true));
    EXPECT_TRUE(lead_for(5 * kH, true));
}

// ---- M5

Sender new_life(int n) {
    auto from = sender(n, "");
    from.uuid = uuid(10 * n);
    return from;
}

void ack_as(Bench& bench, Sender from) {
    from.cluster_id = kCluster;  // by now it has joined
    bench.feed(ReplyReceived{{from, bench.term(), bench.term(), Reason::none,
                              HeartbeatReply{.accepted = true,
                                             .seq = bench.round(),
                                             .config = bench.node.electorate().number,
                                             .view = bench.lead().view,
                                             .eligible = true,
                                             .priority = 100}}});
}

TEST(LostDisk, ANewUuidOfASilentVotersIdReplacesIt) {  // M5
    Bench bench;
    bench.take_the_lead();
    const auto reborn = new_life(3);
    bench.hello(reborn);
    EXPECT_EQ(bench.reason(), Reason::id_in_use) << "3 is not silent yet";
    bench.lead_on(kTiming.dead_after - 2 * kH, {2});
    bench.hello(reborn);
    EXPECT_EQ(bench.reason(), Reason::id_in_use);
    bench.lead_on(3 * kH, {2});

    bench.hello(reborn);
    EXPECT_EQ(bench.reason(), Reason::none);
    std::vector<std::size_t> sizes;
    for (int round = 0; round < 30; ++round) {
        bench.lead_on(kH, {2});
        ack_as(bench, reborn);
        sizes.push_back(voters(bench).size());
    }

    EXPECT_THAT(voters(bench), ElementsAre("u1", "u2", "u30"));
    EXPECT_EQ(std::ranges::min(sizes), 2u) << "from an odd number the old one goes first";
    EXPECT_EQ(std::ranges::max(sizes), 3u) << "one step at a time, the quorum never changes";
    EXPECT_FALSE(bench.node.electorate().bans(uuid(3)));
}

TEST(LostDisk, FromTheSameAddress2EOfSilenceAreEnough) {  // M5
    Bench bench;
    bench.take_the_lead();
    const auto hello = [&] {
        bench.feed(RequestReceived{{new_life(3), 0, Hello{}}, true});
        return bench.reason();
    };
    bench.lead_on(2 * kE - 2 * kH, {2});
    EXPECT_EQ(hello(), Reason::id_in_use);

    bench.lead_on(3 * kH, {2});
    EXPECT_EQ(hello(), Reason::none);
}

TEST(LostDisk, AVoterThatSpeaksAgainKeepsItsPlace) {  // M5: while the old is still silent
    Bench bench;
    bench.take_the_lead();
    bench.lead_on(kTiming.dead_after + kH, {2});
    const auto reborn = new_life(3);
    bench.hello(reborn);
    ASSERT_EQ(bench.reason(), Reason::none);

    for (int round = 0; round < 50; ++round) {
        bench.lead_on(kH, {2, 3});
        ack_as(bench, reborn);
    }

    EXPECT_THAT(voters(bench), ElementsAre("u1", "u2", "u3"));
}

TEST(LostDisk, FromAnEvenNumberTheNewOneComesFirstAndTheSilentOneOfTheTwoGoes) {  // M5, M6
    Bench bench(member({1, 2, 3, 4}));
    bench.take_the_lead({2, 3});
    bench.lead_on(kTiming.dead_after + kH, {2, 3});
    const auto reborn = new_life(4);
    bench.hello(reborn);
    std::vector<std::size_t> sizes;
    for (int round = 0; round < 10; ++round) {
        bench.lead_on(kH, {2, 3});
        ack_as(bench, reborn);
        sizes.push_back(voters(bench).size());
    }

    EXPECT_THAT(voters(bench), ElementsAre("u1", "u2", "u3", "u40"));
    EXPECT_EQ(std::ranges::max(sizes), 5u);
    EXPECT_EQ(std::ranges::min(sizes), 4u);
}

TEST(LostDisk, TheLeadersOwnIdIsNeverGivenAway) {  // K2: the leader itself stays
    Bench bench;
    bench.take_the_lead();
    bench.lead_on(kTiming.dead_after + kE);

    bench.hello(new_life(1));

    EXPECT_EQ(bench.reason(), Reason::id_in_use);
}

// ---- M6

TEST(DeadVoters, AreReplacedByAStandby) {  // M6
    Bench bench;
    bench.take_the_lead();
    bench.hello(sender(4));
    bench.lead_on(kTiming.dead_after - 2 * kH, {2, 4});
    EXPECT_THAT(voters(bench), ElementsAre("u1", "u2", "u3"));
    const auto version = bench.node.electorate().number.version;
    bench.lead_on(12 * kH, {2, 4});

    EXPECT_THAT(voters(bench), ElementsAre("u1", "u2", "u4"));
    EXPECT_EQ(bench.node.electorate().number.version, version + 2) << "one out, then one in";
    EXPECT_FALSE(bench.node.electorate().bans(uuid(3))) << "it may come back as an observer";
    EXPECT_TRUE(bench.leads());
}

TEST(DeadVoters, AreNeverJustDropped) {  // M6: no failure detector shrinks a quorum
    Bench bench;
    bench.take_the_lead();

    bench.lead_on(3 * kTiming.dead_after, {2});

    EXPECT_THAT(voters(bench), ElementsAre("u1", "u2", "u3"));
    EXPECT_TRUE(bench.leads());
}

TEST(DeadVoters, FromAnEvenNumberAStandbyIsPromotedFirst) {  // M6
    Bench bench(member({1, 2, 3, 4}));
    bench.take_the_lead({2, 3});
    bench.hello(sender(5));

    bench.lead_on(5 * kH, {2, 3, 5});

    EXPECT_THAT(voters(bench), ElementsAre("u1", "u2", "u3", "u4", "u5"));
}

TEST(DeadVoters, SilenceCountsAtTheEarliestFromWinning) {  // M5, M6
    Bench bench;
    bench.pass(20 * kTiming.dead_after);
    bench.take_the_lead({2});
    bench.hello(sender(4));

    bench.lead_on(kTiming.dead_after - 2 * kH, {2, 4});

    EXPECT_THAT(voters(bench), ElementsAre("u1", "u2", "u3"));
}

// ---- M7

TEST(DeadVoters, WhatAnOperatorAskedForComesFirst) {  // M7
    Bench bench(member({1, 2, 3, 4, 5}));
    bench.take_the_lead({2, 3, 4, 5});
    bench.hello(sender(6));
    bench.lead_on(kTiming.dead_after - 2 * kH, {2, 3, 4, 6});
    bench.pass(kH);
    for (const int n : {2, 3, 4, 6}) bench.ack(n);
    bench.sleep(2 * kH - 1ms);  // the others are heard just now

    bench.command(Remove{"4"});

    EXPECT_TRUE(bench.node.electorate().bans(uuid(4)));
    EXPECT_TRUE(bench.node.electorate().has(uuid(5))) << "the dead one waits its turn";
}

TEST(LostDisk, OfTwoVotersWithOneIdTheSilentOneIsDroppedAfterTwoTimeouts) {  // M5
    auto durable = member({1, 2, 3});
    durable.config.voters.push_back({id(2), uuid(4)});
    Bench bench(durable);
    bench.take_the_lead();

    bench.lead_on(bench.lead().won + 2 * kE - kTick - bench.now);
    EXPECT_TRUE(bench.node.electorate().has(uuid(4)));
    bench.lead_on(kH);

    EXPECT_FALSE(bench.node.electorate().has(uuid(4)));
    EXPECT_TRUE(bench.node.electorate().has(uuid(2)));
}

}  // namespace
}  // namespace electiond
