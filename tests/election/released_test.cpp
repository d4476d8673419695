// Around a hand-over: the cool-down (E2) and the target (T3 of protocol.md, thesis 3.10).
#include "bench.h"

namespace electiond {
namespace {

const Instant kNothingGranted{};

// Led by 1, in which 2 and 3 hold the current config.
Bench leader() {
    Bench bench;
    bench.take_the_lead();
    return bench;
}

// ---- E2: the cool-down

TEST(Released, WhoSteppedDownLeavesTheLeadToOthers) {  // E2: 5 E
    auto bench = leader();
    bench.command(StepDown{});
    bench.feed(GrantsClosed{kNothingGranted});
    const Instant down = bench.now;

    while (bench.now < down + 5 * kE - kH) {
        bench.pass(kH);
        auto reply = bench.heartbeat(2, 2);
        EXPECT_TRUE(reply.cooling);
        EXPECT_TRUE(reply.eligible) << "it stays eligible";
    }
    bench.pass(kH);
    EXPECT_FALSE(bench.heartbeat(2, 2).cooling);
}

TEST(Released, ButWhereNobodyLeadsFor2EItCampaignsAgain) {  // E2
    Bench bench(member({1}));
    bench.campaign();
    bench.command(StepDown{});
    bench.feed(GrantsClosed{kNothingGranted});
    const Instant down = bench.now;

    bench.pass(2 * kE - kTick);
    EXPECT_TRUE(bench.is<Following>());
    bench.pass_until([&] { return bench.leads(); });

    EXPECT_LE(bench.now - down, 2 * kE + kE) << "not long after";
}

TEST(Released, ACoolDownThatIsOverStaysOver) {  // E2: "or until"
    auto bench = leader();
    bench.command(StepDown{});
    bench.feed(GrantsClosed{kNothingGranted});
    bench.pass(2 * kE);
    ASSERT_FALSE(bench.node.cooling(bench.now));

    EXPECT_FALSE(bench.heartbeat(2, 2).cooling);
    EXPECT_FALSE(bench.node.cooling(bench.now));
}

// ---- T3: the target

TEST(Released, TheTargetStartsAnElectionImmediately) {  // T3, thesis 3.10
    Bench bench;
    bench.heartbeat(2, 4);
    bench.pass(5ms);

    EXPECT_TRUE(bench.told_timeout_now(2, 4));

    EXPECT_TRUE(bench.is<Candidate>()) << "no pre-vote, and its promise does not matter";
    EXPECT_EQ(bench.term(), 5u);
    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.out.save->voted_for, uuid(1));
    ASSERT_EQ(bench.sent<VoteRequest>().size(), 2u);
    for (const auto& [to, request] : bench.sent<VoteRequest>()) EXPECT_TRUE(request.transfer);
    bench.answer_vote(3);
    EXPECT_TRUE(bench.is<Leading>());
}

TEST(Released, TransferIsSaidInThatCampaignOnly) {  // T3
    Bench bench;
    bench.heartbeat(2, 4);
    ASSERT_TRUE(bench.told_timeout_now(2, 4));

    bench.pass_until([&] { return bench.is<PreCandidate>(); });
    bench.answer_pre_vote(3);

    ASSERT_FALSE(bench.sent<VoteRequest>().empty());
    for (const auto& [to, request] : bench.sent<VoteRequest>()) EXPECT_FALSE(request.transfer);
}

TEST(Released, TimeoutNowOfAnotherTermOrAnotherNodeIsIgnored) {  // T3, trace 2
    Bench bench;
    bench.heartbeat(2, 4);

    EXPECT_FALSE(bench.told_timeout_now(2, 3));
    EXPECT_FALSE(bench.told_timeout_now(2, 5));
    EXPECT_FALSE(bench.told_timeout_now(3, 4)) << "not my leader";

    EXPECT_TRUE(bench.is<Following>());
    EXPECT_EQ(bench.term(), 4u);
    EXPECT_FALSE(bench.out.save);
}

TEST(Released, ALeaderOfAFormerTermIsNoLeaderOfThisOne) {  // §2, T1, V4: trace 2
    Bench bench;
    bench.heartbeat(2, 1);
    ASSERT_TRUE(bench.asks_vote(3, 3, {}, true));

    EXPECT_FALSE(bench.told_timeout_now(2, 3));
    EXPECT_FALSE(bench.told_timeout_now(3, 3)) << "a vote makes nobody the leader";
    EXPECT_TRUE(bench.is<Following>());
}

TEST(Released, TimeoutNowAfterTheEndOfThePromiseIsIgnored) {  // T3, I3
    Bench bench;
    bench.heartbeat(2, 4);

    bench.sleep(kE);

    EXPECT_FALSE(bench.told_timeout_now(2, 4));
    EXPECT_EQ(bench.term(), 4u);
}

TEST(Released, OnlyAnEligibleVoterTakesTheLead) {  // T3
    auto policy = plain();
    policy.priority = 0;
    Bench witness(member({1, 2, 3}), policy);
    witness.heartbeat(2, 4);
    EXPECT_FALSE(witness.told_timeout_now(2, 4));

    Bench observer(member({2, 3}));
    observer.heartbeat(2, 4);
    EXPECT_FALSE(observer.told_timeout_now(2, 4));
    EXPECT_EQ(observer.term(), 4u);
}

TEST(Released, AHandOverEndsTheTargetsCoolDown) {  // E2, last sentence
    auto bench = leader();
    bench.command(StepDown{});
    bench.feed(GrantsClosed{kNothingGranted});
    bench.heartbeat(2, 2);
    ASSERT_TRUE(bench.node.cooling(bench.now));

    EXPECT_TRUE(bench.told_timeout_now(2, 2));

    EXPECT_FALSE(bench.node.cooling(bench.now));
    EXPECT_TRUE(bench.is<Candidate>());
}

}  // namespace
}  // namespace electiond
