// Campaigns: Raft §5.2, pre-vote (thesis 9.6), C1 to C5 and I2 of protocol.md.
#include "bench.h"

namespace electiond {
namespace {

TEST(Campaigns, AFollowerThatHearsNothingForTheElectionTimeoutBeginsAnElection) {  // C1, §5.2
    Bench bench;
    bench.heartbeat(2, 1);

    bench.pass(kE - kTick);
    EXPECT_TRUE(bench.is<Following>());
    bench.pass(kS + kTick);

    EXPECT_TRUE(bench.is<PreCandidate>());
    EXPECT_EQ(bench.state(), State::candidate);
}

TEST(Campaigns, ACandidateFirstAsksWhetherItCouldWinAndRaisesNoTerm) {  // C1, thesis 9.6
    Bench bench(member({1, 2, 3}, 4));

    bench.campaign();

    const auto asked = bench.sent<PreVote>();
    ASSERT_EQ(asked.size(), 2u) << "all voters but itself";
    EXPECT_EQ(asked[0].first, uuid(2));
    EXPECT_EQ(asked[1].first, uuid(3));
    EXPECT_EQ(asked[0].second.config, (ConfigNumber{0, 1}));
    for (const auto& outgoing : bench.out.send) {
        if (std::get_if<PreVote>(&outgoing.body)) {
            EXPECT_EQ(outgoing.term, 5u) << "term + 1";
        }
    }
    EXPECT_EQ(bench.term(), 4u);
    EXPECT_TRUE(bench.sent<VoteRequest>().empty());
    EXPECT_FALSE(bench.out.save) << "it changes no state";
}

TEST(Campaigns, APartitionedServerDoesNotRaiseItsTerm) {  // thesis 9.6
    Bench bench(member({1, 2, 3}, 4));

    for (int hour = 0; hour < 24; ++hour) {
        bench.pass(std::chrono::minutes(1));
        EXPECT_FALSE(bench.out.save);
        bench.answer_pre_vote(2, false);
        bench.answer_pre_vote(3, false);
    }

    EXPECT_EQ(bench.term(), 4u);
    EXPECT_TRUE(bench.is<PreCandidate>());
}

TEST(Campaigns, APreVoteThatFoundNoQuorumIsTriedAgainSoon) {  // §7: E/4 + uniform(0, S)
    for (std::uint64_t seed = 1; seed < 20; ++seed) {
        Bench bench(member({1, 2, 3}), plain(), seed);
        bench.campaign();

        bench.pass(kE / 4 - kTick);
        EXPECT_TRUE(bench.sent<PreVote>().empty());
        bench.pass(kS + kTick);
        EXPECT_GE(bench.sent<PreVote>().size(), 2u);
    }
}

TEST(Campaigns, OnAQuorumOfPreVotesItRaisesTheTermVotesForItselfAndAsks) {  // C2, §5.2
    Bench bench(member({1, 2, 3}, 4));
    bench.campaign();

    bench.answer_pre_vote(2);

    EXPECT_TRUE(bench.is<Candidate>());
    ASSERT_TRUE(bench.out.save) << "before the first request leaves (D1)";
    EXPECT_EQ(bench.out.save->term, 5u);
    EXPECT_EQ(bench.out.save->voted_for, uuid(1));
    const auto asked = bench.sent<VoteRequest>();
    ASSERT_EQ(asked.size(), 2u);
    EXPECT_FALSE(asked[0].second.transfer);
    EXPECT_EQ(bench.out.send[0].term, 5u);
    EXPECT_FALSE(bench.node.followed());
}

TEST(Campaigns, LessThanAQuorumOfPreVotesIsNotEnough) {  // C2
    Bench bench(member({1, 2, 3, 4, 5}));
    bench.campaign();

    bench.answer_pre_vote(2);
    bench.answer_pre_vote(2);
    EXPECT_TRUE(bench.is<PreCandidate>()) << "each uuid once (I2)";
    bench.answer_pre_vote(9);
    EXPECT_TRUE(bench.is<PreCandidate>()) << "voters of my config only (I2)";
    bench.answer_pre_vote(3, false);
    EXPECT_TRUE(bench.is<PreCandidate>());
    bench.answer_pre_vote(4);
    EXPECT_TRUE(bench.is<Candidate>());
}

TEST(Campaigns, ACandidateWinsWithTheVotesOfAMajorityForTheSameTerm) {  // C3, §5.2
    Bench bench(member({1, 2, 3, 4, 5}));
    bench.campaign();
    for (const int n : {2, 3}) bench.answer_pre_vote(n);
    ASSERT_TRUE(bench.is<Candidate>());

    bench.answer_vote(2);
    bench.answer_vote(2);
    bench.answer_vote(9);
    bench.answer_vote(3, false);
    EXPECT_TRUE(bench.is<Candidate>());
    bench.answer_vote(4, true, {.request_term = bench.term() - 1});
    EXPECT_TRUE(bench.is<Candidate>()) << "a vote for another term";

    bench.answer_vote(4);
    EXPECT_TRUE(bench.is<Leading>());
}

TEST(Campaigns, APreVoteNeverCountsAsAVote) {  // I2: an answer to the current activity
    Bench bench;
    bench.campaign();
    bench.answer_pre_vote(2);
    ASSERT_TRUE(bench.is<Candidate>());

    bench.answer_pre_vote(3, true, {.request_term = bench.term()});
    bench.answer_pre_vote(3, true, {.request_term = bench.term() + 1});
    EXPECT_TRUE(bench.is<Candidate>());

    Bench other;
    other.campaign();
    other.answer_vote(2, true, {.request_term = other.term() + 1});
    EXPECT_TRUE(other.is<PreCandidate>());
}

TEST(Campaigns,
     APreVoteForAnEarlierTermDoesNotCount) {  // I2: term + 1; C2: while term is unchanged
    Bench bench(member({1, 2, 3}, 4));
    bench.campaign();

    bench.answer_pre_vote(2, true, {.request_term = 4});

    EXPECT_TRUE(bench.is<PreCandidate>());
}

TEST(Campaigns, AnotherClustersAnswersAreDroppedWhateverTheyHold) {  // I1, trace 4
    Bench bench;
    bench.campaign();
    const auto before = bench.node.durable();
    const Says foreign{
        .term = Term{1} << 40, .config = electorate({2, 3}, {99, 1}), .cluster = "other"};

    bench.answer_pre_vote(2, true, foreign);

    EXPECT_TRUE(bench.is<PreCandidate>());
    EXPECT_EQ(bench.node.durable(), before) << "neither C4 nor C5";
}

TEST(Campaigns, OnceItWinsItHeartbeatsAllOthersAtOnceAndThenPeriodically) {  // C3, §5.2
    Bench bench;
    bench.win({2});

    EXPECT_EQ(bench.sent<Heartbeat>().size(), 2u);
    EXPECT_TRUE(bench.follows(1)) << "leader = me";
    ASSERT_TRUE(bench.out.save) << "config.term = term is saved before the heartbeats leave";
    EXPECT_EQ(bench.out.save->config.number, (ConfigNumber{1, 1}));

    bench.pass(kH - kTick);
    EXPECT_TRUE(bench.sent<Heartbeat>().empty());
    bench.pass(kTick);
    EXPECT_EQ(bench.sent<Heartbeat>().size(), 2u);
}

TEST(Campaigns, AFreshLeaderIsNotVisibleBeforeItsFirstLease) {  // C3, L1
    Bench bench;
    bench.win();

    EXPECT_FALSE(bench.leads());
    EXPECT_EQ(bench.state(), State::candidate);
    EXPECT_TRUE(bench.told<LeaderGained>().empty());

    bench.ack(2);
    EXPECT_TRUE(bench.leads());
    EXPECT_EQ(bench.state(), State::leader);
    EXPECT_EQ(bench.told<LeaderGained>().size(), 1u);
}

TEST(Campaigns, ASingleVoterIsItsOwnQuorumAtOnce) {  // C3: in C2, C3, L1 and K2 alike
    Bench bench(member({1}, 4));

    bench.campaign();

    EXPECT_TRUE(bench.is<Leading>());
    EXPECT_TRUE(bench.leads());
    EXPECT_EQ(bench.term(), 5u);
    EXPECT_TRUE(bench.sent<VoteRequest>().empty());
}

TEST(Campaigns, WithASplitVoteItTimesOutAndStartsANewElection) {  // §5.2
    Bench bench;
    bench.campaign();
    bench.answer_pre_vote(2);
    ASSERT_TRUE(bench.is<Candidate>());

    bench.pass(kE - kTick);
    EXPECT_TRUE(bench.is<Candidate>());
    bench.pass(kS + kTick);
    EXPECT_TRUE(bench.is<PreCandidate>()) << "it asks first again: the term stays";
    EXPECT_EQ(bench.term(), 1u);

    bench.answer_pre_vote(3);
    EXPECT_TRUE(bench.is<Candidate>());
    EXPECT_EQ(bench.term(), 2u);
}

TEST(Campaigns, ElectionTimersAreRandomWithoutARank) {  // §5.2, §7: E + uniform(0, S)
    std::vector<Duration> waits;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Bench bench(member({1, 2, 3}), plain(), seed);
        ASSERT_TRUE(bench.asks_vote(2, 1));
        const Instant start = bench.now;
        bench.campaign();
        waits.push_back(bench.now - start);
    }

    EXPECT_GE(std::ranges::min(waits), kE);
    EXPECT_LT(std::ranges::max(waits), kE + kS);
    EXPECT_GT(std::ranges::max(waits) - std::ranges::min(waits), kS / 2);
}

TEST(Campaigns, WhoIsNoVoterOfItsOwnConfigNeverCampaigns) {  // C1
    for (const auto& durable : {member({2, 3}), blank()}) {
        Bench bench(durable);
        bench.pass(20 * kE);
        EXPECT_TRUE(bench.is<Following>());
        EXPECT_TRUE(bench.sent<PreVote>().empty());
    }
}

TEST(Campaigns, AWitnessNeverCampaignsAndVotesLikeAnyone) {  // E1
    auto policy = plain();
    policy.priority = 0;
    Bench bench(member({1, 2, 3}), policy);

    bench.pass(20 * kE);

    EXPECT_TRUE(bench.sent<PreVote>().empty());
    EXPECT_TRUE(bench.asks_vote(2, 1));
}

TEST(Campaigns, WhoWasRemovedOrWantsNoVoteNeverCampaigns) {  // C1 `left`, E1
    auto left = member({1, 2, 3});
    left.left = true;
    auto policy = plain();
    policy.observer = true;
    for (auto& bench : {Bench(left), Bench(member({1, 2, 3}), policy)}) {
        auto copy = bench;
        copy.pass(20 * kE);
        EXPECT_TRUE(copy.sent<PreVote>().empty());
        EXPECT_TRUE(copy.asks_vote(2, 1)) << "it votes as before";
    }
}

TEST(Campaigns, AnUnhealthyNodeDoesNotCampaign) {  // E1
    Bench bench;
    bench.feed(HealthChanged{false});
    bench.pass(20 * kE);
    EXPECT_TRUE(bench.sent<PreVote>().empty());
    EXPECT_FALSE(bench.heartbeat(2, 1).eligible);

    bench.feed(HealthChanged{true});
    bench.pass(2 * kE);
    EXPECT_FALSE(bench.sent<PreVote>().empty());
}

TEST(Campaigns, ItsOwnVoteMustPassItsOwnPromise) {  // C1: V1 like anyone's
    Bench bench;
    bench.heartbeat(2, 1, 5 * kE);

    bench.pass(5 * kE - kTick);
    EXPECT_TRUE(bench.sent<PreVote>().empty());
    bench.pass(kS + kTick);
    EXPECT_FALSE(bench.sent<PreVote>().empty());
}

TEST(Campaigns, OneThatCannotBeWonAnyMoreIsTriedAgainSoon) {  // §7
    Bench bench;
    bench.campaign();
    bench.answer_pre_vote(2);
    ASSERT_TRUE(bench.is<Candidate>());
    bench.answer_vote(2, false);
    bench.feed(NoReply{uuid(3), false});  // no answer to something else
    const Instant lost = bench.now;

    bench.feed(NoReply{uuid(3), true});
    bench.pass_until([&] { return bench.is<PreCandidate>(); });

    EXPECT_LE(bench.now - lost, kE / 4 + kS);
}

}  // namespace
}  // namespace electiond
