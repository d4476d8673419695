// A higher term or a newer config in an answer: C4 and C5 of protocol.md.
#include "bench.h"

namespace electiond {
namespace {

// ---- C4: a higher term in an answer

TEST(Overtaken, AnAnswerWithAHigherTermEndsACampaign) {  // C4, §5.1
    Bench bench;
    bench.campaign();

    bench.answer_pre_vote(2, false, {.term = 9});

    EXPECT_TRUE(bench.is<Following>());
    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.term(), 9u);
    EXPECT_TRUE(bench.voted_for().empty());
    EXPECT_TRUE(bench.asks_vote(3, 9)) << "its vote in that term is free";
}

TEST(Overtaken, ACandidateThatSeesAHigherTermIsAFollowerOfNobody) {  // C4
    Bench bench;
    bench.campaign();
    bench.answer_pre_vote(2);
    ASSERT_TRUE(bench.is<Candidate>());

    bench.answer_vote(3, false, {.term = 9});

    EXPECT_TRUE(bench.is<Following>());
    EXPECT_FALSE(bench.node.followed());
    EXPECT_EQ(bench.term(), 9u);
    bench.answer_vote(2, true, {.term = 1, .request_term = 1});
    EXPECT_TRUE(bench.is<Following>());
}

TEST(Overtaken, ALeaderThatSeesAHigherTermReElectsItselfInPlace) {  // C4
    Bench bench;
    bench.take_the_lead();
    const auto lease = *bench.node.lease();
    bench.pass(kH);

    bench.ack(3, {.accepted = false, .term = 6});

    ASSERT_TRUE(bench.is<Candidate>());
    EXPECT_EQ(bench.term(), 7u) << "T' + 1";
    EXPECT_EQ(bench.voted_for(), uuid(1));
    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.sent<VoteRequest>().size(), 2u) << "at once, no pre-vote";
    EXPECT_FALSE(bench.sent<VoteRequest>()[0].second.transfer);
    ASSERT_TRUE(bench.node.lease()) << "it keeps the lease: old term, old end";
    EXPECT_EQ(bench.node.lease()->term, lease.term);
    EXPECT_EQ(bench.node.lease()->until, lease.until);
    EXPECT_TRUE(bench.leads()) << "and stays visible";
    EXPECT_EQ(bench.node.leader(bench.now)->token, lease.term);
    EXPECT_NE(bench.out.grants, Grants::close) << "the book stays open (§10)";
    EXPECT_TRUE(bench.told<LeaderLost>().empty());
}

TEST(Overtaken, AReElectionInPlaceEndsWithANewTokenAndNoGap) {  // C4, C3, G1
    Bench bench;
    bench.take_the_lead();
    bench.ack(3, {.accepted = false, .term = 6});
    ASSERT_TRUE(bench.is<Candidate>());

    bench.answer_vote(3);
    ASSERT_TRUE(bench.is<Leading>());
    EXPECT_NE(bench.out.grants, Grants::close);
    EXPECT_TRUE(bench.leads());
    EXPECT_EQ(bench.node.leader(bench.now)->token, 1u) << "until the new lease stands";
    bench.ack(2);

    EXPECT_EQ(bench.node.leader(bench.now)->token, 7u);
    const auto told = bench.told<LeaderGained>();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].reason, Reason::re_elected_in_place);
    EXPECT_EQ(told[0].leader.token, 7u);
}

TEST(Overtaken, AnInPlaceCandidateExtendsNoLeaseAndLosesItAtItsEnd) {  // L1: role leader alone
    Bench bench;
    bench.take_the_lead();
    const auto until = bench.node.lease()->until;
    bench.ack(3, {.accepted = false, .term = 6});

    bench.ack(2, {.request_term = 1});
    bench.ack(2);
    EXPECT_EQ(bench.node.lease()->until, until);
    bench.pass(until - bench.now - kTick);
    EXPECT_TRUE(bench.leads());
    EXPECT_NE(bench.out.grants, Grants::close);
    bench.pass(kTick);

    EXPECT_FALSE(bench.leads());
    EXPECT_EQ(bench.told<LeaderLost>().size(), 1u);
    EXPECT_NE(bench.out.grants, Grants::close)
        << "a lease that merely ran out does not close the book";
    bench.pass(kE + kS);
    EXPECT_FALSE(bench.node.holds_office());
}

TEST(Overtaken, AnInPlaceCandidateThatIsOvertakenAgainGoesOnWhileItsLeaseLasts) {  // C4
    Bench bench;
    bench.take_the_lead();
    bench.ack(3, {.accepted = false, .term = 6});

    bench.answer_vote(3, false, {.term = 20});
    EXPECT_EQ(bench.term(), 21u);
    EXPECT_TRUE(bench.leads());

    bench.sleep(kE);
    bench.answer_vote(3, false, {.term = 30});
    EXPECT_EQ(bench.term(), 30u) << "without a lease it follows";
    EXPECT_TRUE(bench.is<Following>());
    EXPECT_EQ(bench.out.grants, Grants::close);
}

TEST(Overtaken, ALeaderWithoutALeaseThatSeesAHigherTermStepsBack) {  // C4: "Otherwise"
    Bench bench;
    bench.win();

    bench.ack(2, {.accepted = false, .term = 6});

    EXPECT_TRUE(bench.is<Following>());
    EXPECT_EQ(bench.term(), 6u);
    EXPECT_TRUE(bench.voted_for().empty());
    EXPECT_EQ(bench.out.grants, Grants::close);
    EXPECT_FALSE(bench.node.followed());
}

TEST(Overtaken, ADrainingLeaderThatSeesAHigherTermStepsBack) {  // C4, T1
    Bench bench;
    bench.take_the_lead();
    bench.command(StepDown{});
    ASSERT_TRUE(bench.node.draining());

    bench.ack(3, {.accepted = false, .term = 6});

    EXPECT_TRUE(bench.is<Following>());
    EXPECT_EQ(bench.term(), 6u);
    EXPECT_FALSE(bench.node.lease());
    EXPECT_FALSE(bench.node.draining());
    EXPECT_TRUE(bench.sent<TimeoutNow>().empty()) << "no T2";
    EXPECT_EQ(bench.out.done.size(), 1u) << "whoever asked is told that it is over";
}

TEST(Overtaken, AHandOverThatC4EndsBeforeItDrainedIsOverToo) {  // T1: any change of term ends it
    Bench bench;
    bench.win();
    bench.ack(2, {.config = ConfigNumber{0, 1}});
    bench.ack(3, {.config = ConfigNumber{0, 1}});
    bench.command(StepDown{});
    ASSERT_FALSE(bench.node.draining()) << "it waits until the target has the config";

    bench.ack(3, {.accepted = false, .term = 6});

    EXPECT_TRUE(bench.leads());
    EXPECT_EQ(bench.out.done.size(), 1u);
}

TEST(Overtaken, AStopThatC4InterruptsBeginsItsHandOverAgain) {  // T1, 4.5
    Bench bench;
    bench.win();
    bench.ack(2, {.config = ConfigNumber{0, 1}});
    bench.ack(3, {.config = ConfigNumber{0, 1}});
    bench.command(Stop{});
    ASSERT_FALSE(bench.node.draining());

    bench.ack(3, {.accepted = false, .term = 6});
    EXPECT_TRUE(bench.out.done.empty());
    bench.answer_vote(2);
    ASSERT_TRUE(bench.is<Leading>());
    bench.ack(2);
    ASSERT_TRUE(bench.node.draining());
    bench.feed(GrantsClosed{Instant{}});

    EXPECT_TRUE(bench.sent_to<TimeoutNow>(2));
}

TEST(Overtaken, SoDoesALeave) {  // T1, 6.4
    Bench bench;
    bench.win();
    bench.ack(2, {.config = ConfigNumber{0, 1}});
    bench.ack(3, {.config = ConfigNumber{0, 1}});
    bench.command(Leave{});
    ASSERT_FALSE(bench.node.draining());

    bench.ack(3, {.accepted = false, .term = 6});
    bench.answer_vote(2);
    ASSERT_TRUE(bench.is<Leading>());
    bench.ack(2);
    EXPECT_FALSE(bench.node.draining()) << "3 may be gone, and 2 alone would be no quorum (M7)";
    EXPECT_TRUE(bench.out.done.empty());
    bench.ack(3);

    EXPECT_TRUE(bench.node.draining());
    EXPECT_TRUE(bench.out.done.empty());
}

// ---- C5: a newer config in an answer

TEST(Overtaken, ANewerConfigInAnAnswerIsAdoptedAndEndsTheCampaign) {  // C5
    for (const bool as_candidate : {false, true}) {
        Bench bench;
        bench.campaign();
        const Says newer{.config = electorate({2, 3, 4}, {0, 2})};
        if (as_candidate) {
            bench.answer_pre_vote(3);
            ASSERT_TRUE(bench.is<Candidate>());
            bench.answer_vote(2, false, newer);
        } else {
            bench.answer_pre_vote(2, false, newer);
        }

        EXPECT_TRUE(bench.is<Following>());
        EXPECT_EQ(bench.node.electorate(), *newer.config);
        ASSERT_TRUE(bench.out.save);
        bench.answer_vote(3);
        EXPECT_TRUE(bench.is<Following>()) << "a config never changes in the middle of a campaign";
    }
}

TEST(Overtaken, AnOlderConfigInAnAnswerChangesNothing) {  // C5, K1
    Bench bench;
    bench.campaign();

    bench.answer_pre_vote(2, true, {.config = electorate({2}, {0, 1})});

    EXPECT_EQ(bench.node.electorate(), electorate({1, 2, 3}));
    EXPECT_TRUE(bench.is<Candidate>());
}

TEST(Overtaken, ALeaderTakesNoConfigFromAnybody) {  // C5: "if not leader"
    Bench bench;
    bench.take_the_lead();

    bench.answer_hello(sender(2), {.blank = false}, {.config = electorate({2, 3}, {9, 9})});

    EXPECT_EQ(bench.node.electorate().voters, electorate({1, 2, 3}).voters);
    EXPECT_TRUE(bench.leads());
}

TEST(Overtaken, AnInPlaceCandidateThatTakesANewerConfigLosesItsLease) {  // C5: lease = none
    Bench bench;
    bench.take_the_lead();
    bench.ack(3, {.accepted = false, .term = 6});

    bench.answer_vote(3, false, {.config = electorate({1, 2, 3, 4}, {6, 2})});

    EXPECT_TRUE(bench.is<Following>());
    EXPECT_FALSE(bench.node.lease());
    EXPECT_EQ(bench.out.grants, Grants::close);
}

}  // namespace
}  // namespace electiond
