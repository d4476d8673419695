// Votes: Raft §5.2, pre-votes (thesis 9.6), and V1 to V4 of protocol.md.
#include "bench.h"

namespace electiond {
namespace {

// Nothing but the answer came of it, and not even the term changed (4.1, last sentence).
void expect_unmoved(const Bench& bench, const Durable& before) {
    EXPECT_EQ(bench.node.durable(), before);
    EXPECT_FALSE(bench.out.save);
}

TEST(Votes, AServerVotesForAtMostOneCandidateInATermFirstComeFirstServed) {  // V3, Raft §5.2
    Bench bench;

    EXPECT_TRUE(bench.asks_vote(2, 1));
    EXPECT_FALSE(bench.asks_vote(3, 1));

    EXPECT_EQ(bench.reason(), Reason::voted);
    EXPECT_EQ(bench.voted_for(), uuid(2));
}

TEST(Votes, AVoteIsSavedBeforeItIsToldAndTheTermIsTheCandidates) {  // V4, D1
    Bench bench;

    EXPECT_TRUE(bench.asks_vote(2, 7));

    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.out.save->term, 7u);
    EXPECT_EQ(bench.out.save->voted_for, uuid(2));
    EXPECT_EQ(bench.out.reply->term, 7u);
    EXPECT_TRUE(bench.is<Following>());
    EXPECT_FALSE(bench.node.followed()) << "a vote makes nobody the leader";
}

TEST(Votes, ARepeatedRequestIsGrantedAgainAndChangesNothing) {  // V4
    Bench bench;
    ASSERT_TRUE(bench.asks_vote(2, 1));
    const auto before = bench.node.durable();
    bench.pass(kE / 2);
    const Instant timer = bench.node.deadline();

    EXPECT_TRUE(bench.asks_vote(2, 1));

    expect_unmoved(bench, before);
    EXPECT_EQ(bench.node.deadline(), timer) << "it does not even restart the timer";
}

TEST(Votes, AStaleTermIsRefused) {  // V3, Raft §5.1
    Bench bench(member({1, 2, 3}, 5));
    const auto before = bench.node.durable();

    EXPECT_FALSE(bench.asks_vote(2, 4));

    EXPECT_EQ(bench.reason(), Reason::old_term);
    EXPECT_EQ(bench.out.reply->term, 5u) << "so that the candidate learns of it";
    expect_unmoved(bench, before);
}

TEST(Votes, TheOwnTermIsGoodEnoughWhereNoVoteIsGivenInIt) {  // V3: T = term, votedFor empty
    Bench bench(member({1, 2, 3}, 5));

    EXPECT_TRUE(bench.asks_vote(2, 5));

    EXPECT_EQ(bench.term(), 5u);
    EXPECT_EQ(bench.voted_for(), uuid(2));
}

TEST(Votes, WhoFollowsALiveLeaderVotesForNobodyElse) {  // V1, thesis 4.2.3
    Bench bench;
    bench.heartbeat(2, 1);
    const auto before = bench.node.durable();

    bench.pass(kE - kTick);
    EXPECT_FALSE(bench.asks_vote(3, 99));

    EXPECT_EQ(bench.reason(), Reason::promised);
    expect_unmoved(bench, before);
}

TEST(Votes, ThePromiseIsOverAtItsEndNotAfter) {  // V1: now < promise.until
    Bench bench;
    bench.heartbeat(2, 1);

    bench.sleep(kE);

    EXPECT_TRUE(bench.asks_vote(3, 2));
}

TEST(Votes, TheOneWhoWasPromisedMayHaveTheVote) {  // V1: promise.to = c
    Bench bench;
    bench.heartbeat(2, 1);

    EXPECT_TRUE(bench.asks_vote(2, 3)) << "how a leader re-elects itself in place (C4)";

    EXPECT_TRUE(bench.node.promise().binds(bench.now, uuid(3))) << "the promise stays";
    EXPECT_FALSE(bench.follows(2)) << "leader belongs to its term (trace 2)";
}

TEST(Votes, ARequestSentOnTheLeadersBehalfPassesThePromise) {  // V1 `transfer`, T3
    Bench bench;
    bench.heartbeat(2, 1);

    EXPECT_TRUE(bench.asks_vote(3, 2, {}, true));

    EXPECT_FALSE(bench.follows(2));
}

TEST(Votes, EvenATransferMustHaveTheConfigAndTheTerm) {  // V2, V3
    Bench bench(member({1, 2, 3}, 5));
    bench.heartbeat(2, 5);

    EXPECT_FALSE(bench.asks_vote(3, 4, {}, true));
    EXPECT_EQ(bench.reason(), Reason::old_term);
    EXPECT_FALSE(bench.asks_vote(3, 6, ConfigNumber{0, 0}, true));
    EXPECT_EQ(bench.reason(), Reason::old_config);
}

TEST(Votes, ARestartedNodeVotesForNobodyUntilItsPromisesHaveRunOut) {  // §2, D1
    auto durable = member({1, 2, 3}, 4);
    durable.promise = 3 * kE;
    Bench bench(durable);

    bench.pass(3 * kE - kTick);
    EXPECT_FALSE(bench.asks_vote(2, 5)) << "it no longer knows whom it promised what";
    EXPECT_EQ(bench.reason(), Reason::promised);
    EXPECT_TRUE(bench.is<Following>()) << "nor for itself";

    bench.pass(kTick);
    EXPECT_TRUE(bench.asks_vote(2, 5));
}

TEST(Votes, ANewNodeHasPromisedNobodyAnything) {  // §2: 0 in a new data directory
    Bench bench;

    EXPECT_TRUE(bench.asks_vote(3, 1));
}

TEST(Votes, AnOlderConfigurationIsRefusedAndTheNewerOneToldWithIt) {  // V2, §3 `config`
    auto durable = member({1, 2, 3});
    durable.config.number = {3, 2};
    Bench bench(durable);
    const auto before = bench.node.durable();

    for (const ConfigNumber older : {ConfigNumber{3, 1}, ConfigNumber{2, 9}, ConfigNumber{}}) {
        EXPECT_FALSE(bench.asks_vote(2, 4, older));
        EXPECT_EQ(bench.reason(), Reason::old_config);
        EXPECT_EQ(std::get<VoteReply>(bench.out.reply->body).config, durable.config);
        EXPECT_FALSE(bench.asks_pre_vote(2, 4, older));
        EXPECT_EQ(std::get<PreVoteReply>(bench.out.reply->body).config, durable.config);
    }
    expect_unmoved(bench, before);

    EXPECT_TRUE(bench.asks_vote(2, 4, ConfigNumber{3, 2})) << "an equal one is good enough";
}

TEST(Votes, ANewerConfigurationIsGoodAndNotTakenFromARequest) {  // V2, K3
    Bench bench;

    EXPECT_TRUE(bench.asks_vote(2, 1, ConfigNumber{9, 9}));

    EXPECT_EQ(bench.node.electorate(), electorate({1, 2, 3}));
}

TEST(Votes, NobodyIsToldOfAConfigItHasAlready) {
    Bench bench;
    bench.asks_vote(2, 1);

    EXPECT_FALSE(bench.asks_vote(3, 1));

    EXPECT_FALSE(std::get<VoteReply>(bench.out.reply->body).config);
}

TEST(Votes, TheVoterDoesNotAskWhetherTheCandidateIsInItsOwnConfig) {  // 4.1, last sentence
    Bench bench;

    EXPECT_TRUE(bench.asks_vote(9, 1)) << "it may be one config behind";
}

TEST(Votes, ThePromiseIsLookedAtFirst) {  // 4.1: in this order
    Bench bench(member({1, 2, 3}, 5));
    bench.heartbeat(2, 5);

    bench.asks_vote(3, 1, ConfigNumber{});
    EXPECT_EQ(bench.reason(), Reason::promised);

    bench.sleep(kE);
    bench.asks_vote(3, 1, ConfigNumber{});
    EXPECT_EQ(bench.reason(), Reason::old_config) << "then the config, then the term";
}

TEST(Votes, APreVoteChangesNothingNotEvenTheTerm) {  // V4, thesis 9.6
    Bench bench;
    const auto before = bench.node.durable();
    bench.pass(5ms);
    const Instant timer = bench.node.deadline();

    EXPECT_TRUE(bench.asks_pre_vote(2, 99));

    expect_unmoved(bench, before);
    EXPECT_EQ(bench.out.reply->term, 0u) << "the answer tells the answerer's own term";
    EXPECT_EQ(bench.node.deadline(), timer);
    EXPECT_TRUE(bench.asks_pre_vote(3, 99)) << "it binds nobody";
}

TEST(Votes, APreVoteIsRefusedWhereTheVoteWouldBe) {  // V1 to V3 for both
    Bench bench(member({1, 2, 3}, 5));
    EXPECT_FALSE(bench.asks_pre_vote(2, 4));
    EXPECT_EQ(bench.reason(), Reason::old_term);
    ASSERT_TRUE(bench.asks_vote(3, 6));
    EXPECT_FALSE(bench.asks_pre_vote(2, 6));
    EXPECT_EQ(bench.reason(), Reason::voted);
    bench.heartbeat(3, 6);
    EXPECT_FALSE(bench.asks_pre_vote(2, 7));
    EXPECT_EQ(bench.reason(), Reason::promised);
}

TEST(Votes, ARefusalNamesTheLeaderWhileThePromiseToItIsLive) {  // §3 leaderHint
    Bench bench;
    bench.heartbeat(2, 1);
    bench.pass(kH);

    bench.asks_vote(3, 2);
    const auto hint = std::get<VoteReply>(bench.out.reply->body).hint;
    ASSERT_TRUE(hint);
    EXPECT_EQ(hint->uuid, uuid(2));
    EXPECT_EQ(hint->id, id(2));
    EXPECT_EQ(hint->term, 1u);
    EXPECT_EQ(hint->age, kH);

    bench.pass(kE);
    bench.asks_vote(3, 0);
    EXPECT_FALSE(std::get<VoteReply>(bench.out.reply->body).hint);
}

TEST(Votes, AVisibleLeaderNamesItselfWithAgeZero) {  // §3 leaderHint
    Bench bench;
    bench.take_the_lead();
    bench.pass(kH / 2);

    EXPECT_FALSE(bench.asks_vote(2, 5));
    EXPECT_EQ(bench.reason(), Reason::promised) << "a leader promises itself (L3)";
    const auto hint = std::get<VoteReply>(bench.out.reply->body).hint;
    ASSERT_TRUE(hint);
    EXPECT_EQ(hint->uuid, uuid(1));
    EXPECT_EQ(hint->age, 0ms);
}

TEST(Votes, AGrantedVoteRestartsTheElectionTimer) {  // V4, §7
    Bench bench;
    bench.heartbeat(2, 1);
    bench.sleep(kE);

    EXPECT_TRUE(bench.asks_vote(3, 2));

    bench.pass(kE - kTick);
    EXPECT_TRUE(bench.is<Following>());
    bench.pass(kS + kTick);
    EXPECT_TRUE(bench.is<PreCandidate>());
}

TEST(Votes, ARefusedRequestDoesNotRestartTheElectionTimer) {
    Bench bench;
    bench.pass(0ms);
    bench.heartbeat(2, 1);
    bench.pass(kE - kTick);

    EXPECT_FALSE(bench.asks_vote(3, 2));

    bench.pass(kS + kTick);
    EXPECT_TRUE(bench.is<PreCandidate>());
}

TEST(Votes, ACandidateThatGrantsAHigherTermIsAFollower) {  // V4: role = follower
    Bench bench;
    bench.campaign();
    bench.answer_pre_vote(2);
    ASSERT_TRUE(bench.is<Candidate>());

    EXPECT_TRUE(bench.asks_vote(3, 9));
    EXPECT_TRUE(bench.is<Following>());

    bench.answer_vote(2, true, {.request_term = 1});
    EXPECT_TRUE(bench.is<Following>()) << "a vote of the former term counts no more";
}

TEST(Votes, WhatWasVotedIsRememberedOverARestart) {  // D1
    Bench bench;
    ASSERT_TRUE(bench.asks_vote(2, 1));

    Bench again(*bench.out.save);

    EXPECT_FALSE(again.asks_vote(3, 1));
    EXPECT_EQ(again.reason(), Reason::voted);
    EXPECT_TRUE(again.asks_vote(2, 1));
}

TEST(Votes, VotesAreCountedByUuidNeverById) {  // "Words": by uuid
    Bench bench;
    ASSERT_TRUE(bench.asks_vote(2, 1));
    auto impostor = sender(2);
    impostor.uuid = uuid(7);

    bench.feed(RequestReceived{{impostor, 1, VoteRequest{.config = {0, 1}}}});

    EXPECT_EQ(bench.reason(), Reason::voted);
    EXPECT_EQ(bench.voted_for(), uuid(2));
}

// ---- I1: another cluster's messages have no effect at all

TEST(Votes, AnotherClustersRequestsAreRefusedAndChangeNothing) {
    Bench bench;
    bench.heartbeat(2, 3);
    const auto before = bench.node.durable();
    const auto promise = bench.node.promise().until;

    bench.ask(3, 99, VoteRequest{.config = {9, 9}, .transfer = true}, "other");
    EXPECT_FALSE(std::get<VoteReply>(bench.out.reply->body).granted);
    EXPECT_EQ(bench.reason(), Reason::foreign_cluster);
    bench.ask(3, 99, PreVote{{9, 9}}, "other");
    EXPECT_FALSE(std::get<PreVoteReply>(bench.out.reply->body).granted);
    EXPECT_EQ(bench.reason(), Reason::foreign_cluster);
    bench.ask(2, 99, bench.beat(9 * kE), "other");
    EXPECT_FALSE(std::get<HeartbeatReply>(bench.out.reply->body).accepted);
    EXPECT_EQ(bench.reason(), Reason::foreign_cluster);
    bench.ask(2, 3, TimeoutNow{}, "other");
    EXPECT_FALSE(std::get<TimeoutNowReply>(bench.out.reply->body).accepted);
    EXPECT_EQ(bench.reason(), Reason::foreign_cluster);

    expect_unmoved(bench, before);
    EXPECT_EQ(bench.node.promise().until, promise);
}

TEST(Votes, ABlankNodeVotesForNobodyAndFollowsNobody) {  // I1: same for a blank receiver
    Bench bench(blank());
    const auto before = bench.node.durable();

    for (const std::string cluster : {"c", ""}) {
        bench.ask(2, 1, VoteRequest{}, cluster);
        EXPECT_EQ(bench.reason(), Reason::foreign_cluster);
        bench.ask(2, 1, bench.beat(), cluster);
        EXPECT_EQ(bench.reason(), Reason::foreign_cluster);
    }

    EXPECT_EQ(bench.node.durable(), before);
}

}  // namespace
}  // namespace electiond
