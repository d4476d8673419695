// What an operator may change of a node in the life of its process (§7, §8).
#include "bench.h"

namespace electiond {
namespace {

PolicyChange priority(std::int64_t value) {
    auto change = unchanged(plain());
    change.priority = value;
    return change;
}

TEST(PolicyChange, AFollowerAcksItsNewPriority) {  // E1, R1
    Bench bench;
    EXPECT_EQ(bench.heartbeat(2, 1).priority, 100);

    bench.feed(priority(7));

    EXPECT_EQ(bench.heartbeat(2, 1).priority, 7);
    EXPECT_TRUE(bench.heartbeat(2, 1).eligible);
    bench.feed(priority(0));
    EXPECT_FALSE(bench.heartbeat(2, 1).eligible) << "a witness";
}

TEST(PolicyChange, AWitnessDoesNotCampaignAndCampaignsAgainOnceItIsNone) {  // C1, E1
    Bench bench;
    bench.feed(priority(0));
    bench.pass(20 * kE);
    EXPECT_TRUE(bench.sent<PreVote>().empty());

    bench.feed(priority(1));
    bench.pass(2 * kE);
    EXPECT_FALSE(bench.sent<PreVote>().empty());
}

TEST(PolicyChange, ALeaderTellsTheOthersAtOnce) {  // R1: the view moves
    Bench bench;
    bench.take_the_lead();
    bench.lead_on(2 * kE);
    const auto view = bench.lead().view;

    bench.feed(priority(7));

    EXPECT_EQ(bench.lead().view, view + 1);
    EXPECT_TRUE(bench.out.members);
    EXPECT_EQ(bench.node.members(bench.now).front().priority, 7);
    bench.feed(priority(7));
    EXPECT_EQ(bench.lead().view, view + 1) << "nothing has changed";
}

TEST(PolicyChange, ALeaderOfLowerPriorityHandsOver) {  // M2
    Bench bench;
    bench.take_the_lead();
    bench.lead_on(3 * kE);
    ASSERT_FALSE(bench.lead().hand_over);

    bench.feed(priority(50));
    bench.pass(kH);

    ASSERT_TRUE(bench.lead().hand_over);
    EXPECT_EQ(bench.lead().hand_over->cause, Reason::takeover);
}

TEST(PolicyChange, ALeaderThatBecomesAWitnessHandsOver) {  // M2
    Bench bench;
    bench.take_the_lead();
    bench.lead_on(3 * kE);

    bench.feed(priority(0));
    bench.pass(kH);

    ASSERT_TRUE(bench.lead().hand_over);
}

TEST(PolicyChange, AShorterHeartbeatIntervalCountsFromTheNextRoundOn) {
    auto policy = plain();
    policy.timing.heartbeat = 400ms;
    Bench bench(member({1, 2, 3}), policy);
    bench.take_the_lead();
    const auto round = bench.round();
    auto change = unchanged(policy);
    change.heartbeat = 50ms;

    bench.feed(change);

    bench.pass(50ms);
    EXPECT_EQ(bench.round(), round + 1);
    bench.pass(50ms);
    EXPECT_EQ(bench.round(), round + 2);
}

TEST(PolicyChange, ALongerHeartbeatIntervalDoesNotPutOffTheRoundThatIsDue) {
    Bench bench;
    bench.take_the_lead();
    const auto round = bench.round();
    auto change = unchanged(plain());
    change.heartbeat = 10s;

    bench.feed(change);

    bench.pass(kH);
    EXPECT_EQ(bench.round(), round + 1);
}

TEST(PolicyChange, ChangesNeitherTermNorLeaseNorPromise) {  // D1, L1, H2
    Bench bench;
    bench.take_the_lead();
    const auto lease = bench.node.lease();
    const auto promise = bench.node.promise();
    const auto durable = bench.node.durable();
    auto change = priority(3);
    change.heartbeat = 20ms;
    change.dead_after = 11s;

    bench.feed(change);

    EXPECT_FALSE(bench.out.save);
    EXPECT_EQ(bench.node.durable(), durable);
    EXPECT_EQ(bench.node.lease()->until, lease->until);
    EXPECT_EQ(bench.node.lease()->term, lease->term);
    EXPECT_EQ(bench.node.promise().until, promise.until);
    EXPECT_EQ(bench.node.policy().timing.election_timeout, kE);
    EXPECT_TRUE(bench.leads());
}

}  // namespace
}  // namespace electiond
