// Heartbeats as a follower hears them: Raft §5.2, H1 and H2 of protocol.md.
#include "bench.h"

namespace electiond {
namespace {

TEST(Heartbeats, ServersStartUpAsFollowersThatKnowNoLeader) {  // Raft §5.2, §2 "On start"
    const Bench bench;

    EXPECT_TRUE(bench.is<Following>());
    EXPECT_FALSE(bench.node.followed());
    EXPECT_FALSE(bench.node.lease());
    EXPECT_EQ(bench.state(), State::follower);
}

TEST(Heartbeats, AServerRemainsAFollowerWhileItHearsALeader) {  // Raft §5.2
    Bench bench;

    for (int round = 0; round < 100; ++round) {
        bench.heartbeat(2, 1);
        bench.pass(kE - kTick);
        EXPECT_TRUE(bench.is<Following>());
        EXPECT_TRUE(bench.sent<PreVote>().empty());
    }

    EXPECT_EQ(bench.term(), 1u);
}

// Else a quiet follower would wake for what is due.
TEST(Heartbeats, EachMovesAllThatIsDueBehindItsPromise) {
    Bench bench;
    bench.pass(5 * kE);

    for (int round = 0; round < 3; ++round) {
        bench.heartbeat(2, 7);
        EXPECT_EQ(bench.node.deadline(), bench.now + kE);
        bench.pass(kE / 2);
    }
}

TEST(Heartbeats, ALowerTermIsNotAccepted) {  // H1
    Bench bench(member({1, 2, 3}, 5));
    const auto before = bench.node.durable();

    const auto reply = bench.heartbeat(2, 4);

    EXPECT_FALSE(reply.accepted);
    EXPECT_EQ(bench.reason(), Reason::old_term);
    EXPECT_EQ(bench.out.reply->term, 5u);
    EXPECT_EQ(bench.node.durable(), before);
    EXPECT_FALSE(bench.node.followed());
    EXPECT_TRUE(bench.asks_vote(3, 6)) << "it promised nothing";
}

TEST(Heartbeats, AHigherTermIsTakenWithoutAVoteInItAndSaved) {  // H2
    Bench bench;
    ASSERT_TRUE(bench.asks_vote(3, 1));

    const auto reply = bench.heartbeat(2, 4);

    EXPECT_TRUE(reply.accepted);
    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.out.save->term, 4u);
    EXPECT_TRUE(bench.out.save->voted_for.empty());
    EXPECT_TRUE(bench.follows(2));
}

TEST(Heartbeats, TheSameTermKeepsTheVoteGivenInIt) {  // H2: only a higher term empties it
    Bench bench;
    ASSERT_TRUE(bench.asks_vote(2, 1));

    bench.heartbeat(2, 1);

    EXPECT_EQ(bench.voted_for(), uuid(2));
}

TEST(Heartbeats, SteadyStateWritesNothing) {  // §2, D1
    Bench bench;
    bench.heartbeat(2, 1);

    for (int round = 0; round < 10; ++round) {
        bench.pass(kH);
        bench.heartbeat(2, 1);
        EXPECT_FALSE(bench.out.save);
    }
}

TEST(Heartbeats, ANewerConfigIsAdoptedSavedAndAcked) {  // H2, K3
    Bench bench;
    auto beat = bench.beat();
    beat.config = electorate({1, 2, 3, 4}, {1, 2});
    beat.number = beat.config->number;

    const auto reply = bench.heartbeat(2, 1, beat);

    EXPECT_EQ(bench.node.electorate(), *beat.config);
    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.out.save->config, *beat.config);
    EXPECT_EQ(reply.config, (ConfigNumber{1, 2}));
}

TEST(Heartbeats, AnOlderOrEqualConfigIsNotAdopted) {  // H2, K1: a config only grows
    auto durable = member({1, 2, 3});
    durable.config.number = {2, 5};
    Bench bench(durable);

    for (const ConfigNumber number : {ConfigNumber{2, 5}, ConfigNumber{2, 4}, ConfigNumber{1, 9}}) {
        auto beat = bench.beat();
        beat.config = electorate({1}, number);
        beat.number = number;
        const auto reply = bench.heartbeat(2, 3, beat);
        EXPECT_TRUE(reply.accepted);
        EXPECT_EQ(reply.config, (ConfigNumber{2, 5})) << "it acks what it has";
        EXPECT_EQ(bench.node.electorate(), durable.config);
    }
}

TEST(Heartbeats, WhoLacksTheConfigNamedAcceptsAllTheSameAndAcksWhatItHas) {  // §3
    Bench bench;
    auto beat = bench.beat();
    beat.number = {7, 7};

    const auto reply = bench.heartbeat(2, 1, beat);

    EXPECT_TRUE(reply.accepted);
    EXPECT_EQ(reply.config, (ConfigNumber{0, 1}));
}

TEST(Heartbeats, ALongerPromiseThanEverIsSavedAShorterOneIsNot) {  // H2, promiseMs
    Bench bench;

    bench.heartbeat(2, 1, 2 * kE);
    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.out.save->promise, 2 * kE);

    bench.heartbeat(2, 1, kE);
    EXPECT_FALSE(bench.out.save);
    EXPECT_EQ(bench.node.durable().promise, 2 * kE);
}

TEST(Heartbeats, APromiseIsNeverShortenedForTheOneWhoHasIt) {  // H2, trace 3
    Bench bench;
    bench.heartbeat(2, 1, 5 * kE);
    const Instant until = bench.now + 5 * kE;

    bench.heartbeat(2, 1, kE);
    EXPECT_EQ(bench.node.promise().until, until) << "a late heartbeat with a smaller D";
    bench.heartbeat(2, 2, kE);
    EXPECT_EQ(bench.node.promise().until, until) << "nor in the next term of the same leader";

    bench.pass(5 * kE - kTick);
    EXPECT_FALSE(bench.asks_vote(3, 9));
}

TEST(Heartbeats, ANewPromiseReplacesThatToAnother) {  // H2
    Bench bench;
    bench.heartbeat(2, 1, 5 * kE);

    bench.heartbeat(3, 2, kE);

    EXPECT_EQ(bench.node.promise().until, bench.now + kE);
    EXPECT_FALSE(bench.asks_vote(2, 3)) << "whoever was promised before has it no more";
    EXPECT_EQ(bench.reason(), Reason::promised);
}

TEST(Heartbeats, WhatIsOwedFromBeforeARestartIsOwedToTheNextLeaderToo) {  // H2: "or nobody"
    auto durable = member({1, 2, 3}, 1);
    durable.promise = 5 * kE;
    Bench bench(durable);

    bench.heartbeat(2, 1, kE);

    EXPECT_EQ(bench.node.promise().until, bench.now + 5 * kE);
    EXPECT_EQ(bench.node.promise().to, uuid(2));
}

TEST(Heartbeats, WithoutAPromiseItIsTheReceiversOwnElectionTimeout) {  // §3 missing fields
    Bench bench;
    auto beat = bench.beat();
    beat.promise.reset();

    bench.heartbeat(2, 1, beat);

    EXPECT_EQ(bench.node.promise().until, bench.now + kE);
}

TEST(Heartbeats, ANodeNeverAcceptsAHeartbeatOfItsOwnUuid) {  // H2, last sentence
    Bench bench;

    EXPECT_FALSE(bench.heartbeat(1, 9).accepted);

    EXPECT_EQ(bench.term(), 0u);
    EXPECT_FALSE(bench.node.followed());
}

TEST(Heartbeats, TheEndOfThePromiseForgetsTheLeader) {  // §2: leader
    Bench bench;
    bench.heartbeat(2, 1);
    ASSERT_TRUE(bench.node.leader(bench.now));

    EXPECT_FALSE(bench.node.leader(bench.now + kE)) << "computed at the moment of asking";
    bench.pass(kE);

    EXPECT_FALSE(bench.node.followed());
    EXPECT_EQ(bench.told<LeaderLost>().size(), 1u);
}

TEST(Heartbeats, ALeaderIsToldOnceWithItsTerm) {
    Bench bench;

    bench.heartbeat(2, 3);
    const auto told = bench.told<LeaderGained>();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].leader.uuid, uuid(2));
    EXPECT_EQ(told[0].leader.token, 3u);

    bench.heartbeat(2, 3);
    EXPECT_TRUE(bench.out.changes.empty());
}

TEST(Heartbeats, APreCandidateThatHearsALeaderFollowsIt) {  // H2, Raft §5.2
    Bench bench;
    bench.campaign();

    EXPECT_TRUE(bench.heartbeat(2, 1).accepted);

    EXPECT_TRUE(bench.is<Following>());
    bench.answer_pre_vote(3);
    EXPECT_TRUE(bench.is<Following>()) << "what it asked for comes too late";
}

TEST(Heartbeats, ACandidateRecognisesALeaderOfItsOwnTerm) {  // Raft §5.2: term at least as large
    Bench bench;
    bench.campaign();
    bench.answer_pre_vote(2);
    ASSERT_TRUE(bench.is<Candidate>());

    EXPECT_TRUE(bench.heartbeat(2, bench.term()).accepted);

    EXPECT_TRUE(bench.is<Following>());
    EXPECT_TRUE(bench.follows(2));
    EXPECT_EQ(bench.voted_for(), uuid(1));
}

TEST(Heartbeats, ACandidateRejectsALeaderOfAnOlderTermAndGoesOn) {  // Raft §5.2
    Bench bench(member({1, 2, 3}, 4));
    bench.campaign();
    bench.answer_pre_vote(2);
    ASSERT_TRUE(bench.is<Candidate>());

    EXPECT_FALSE(bench.heartbeat(2, 4).accepted);

    EXPECT_TRUE(bench.is<Candidate>());
}

TEST(Heartbeats, ALeaderThatHearsAHigherTermFollowsAndHasNoLease) {  // H2: lease = none
    Bench bench;
    bench.take_the_lead();

    EXPECT_TRUE(bench.heartbeat(2, bench.term() + 1).accepted);

    EXPECT_TRUE(bench.is<Following>());
    EXPECT_FALSE(bench.node.lease());
    EXPECT_FALSE(bench.leads());
    EXPECT_EQ(bench.out.grants, Grants::close);
    EXPECT_TRUE(bench.follows(2));
}

TEST(Heartbeats, AnAckSaysWhatTheNodeWants) {  // §3 answer fields
    auto policy = plain();
    policy.priority = 7;
    Bench voter_bench({member({1, 2, 3})}, policy);
    auto reply = voter_bench.heartbeat(2, 1);
    EXPECT_TRUE(reply.eligible);
    EXPECT_TRUE(reply.wants_vote);
    EXPECT_FALSE(reply.leaving);
    EXPECT_FALSE(reply.cooling);
    EXPECT_EQ(reply.priority, 7);

    policy.priority = 0;
    Bench witness(member({1, 2, 3}), policy);
    reply = witness.heartbeat(2, 1);
    EXPECT_FALSE(reply.eligible) << "a witness votes but never leads";
    EXPECT_TRUE(reply.wants_vote);

    policy = plain();
    policy.observer = true;
    Bench observer(member({2, 3}), policy);
    reply = observer.heartbeat(2, 1);
    EXPECT_FALSE(reply.wants_vote);
    EXPECT_FALSE(reply.eligible);
    EXPECT_TRUE(reply.accepted);
}

TEST(Heartbeats, AnAckEchoesItsSeqAndTheViewThatIsHeld) {  // §3, R1
    Bench bench;
    auto beat = bench.beat();
    beat.seq = 41;
    beat.view = 3;
    EXPECT_EQ(bench.heartbeat(2, 1, beat).view, 0u) << "none held in this term";

    beat.members.emplace();
    beat.succession.emplace();
    auto reply = bench.heartbeat(2, 1, beat);
    EXPECT_EQ(reply.seq, 41u);
    EXPECT_EQ(reply.view, 3u);

    beat.members.reset();
    beat.succession.reset();
    EXPECT_EQ(bench.heartbeat(2, 1, beat).view, 3u);
    EXPECT_EQ(bench.heartbeat(2, 2, beat).view, 0u) << "a view belongs to its term";
}

TEST(Heartbeats, WhatHasRunOutHasRunOutHoweverLongTheNodeSlept) {  // I3, §7
    Bench bench;
    bench.heartbeat(2, 1);

    bench.sleep(std::chrono::hours(8));

    EXPECT_TRUE(bench.asks_vote(3, 2)) << "though nobody ticked in between";
}

}  // namespace
}  // namespace electiond
