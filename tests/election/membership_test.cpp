// Who becomes a voter, and when: K2, M1, M3, M4 of protocol.md; thesis 4.1 and 4.2.
#include "election/membership.h"

#include "bench.h"

namespace electiond {
namespace {

std::vector<int> voters(const Bench& bench) {
    std::vector<int> all;
    for (const auto& each : bench.node.electorate().voters) all.push_back(std::stoi(each.id.value));
    return all;
}

using testing::ElementsAre;

void join(Bench& bench, std::initializer_list<int> nodes) {
    for (const int n : nodes) bench.hello(sender(n));
}

std::string role_of(const Bench& bench, int n) {
    for (const auto& each : bench.node.members(bench.now)) {
        if (each.uuid == uuid(n)) return std::string(to_string(each.role));
    }
    return "none";
}

TEST(Membership, AClusterOf1JoinedBy2And3Grows1To2To3) {  // M4
    Bench bench(member({1}));
    bench.campaign();
    join(bench, {2, 3});
    std::vector<std::size_t> sizes;
    for (int round = 0; round < 6; ++round) {
        bench.lead_on(kH, {2, 3});
        if (sizes.empty() || sizes.back() != voters(bench).size()) {
            sizes.push_back(voters(bench).size());
        }
    }

    EXPECT_THAT(voters(bench), ElementsAre(1, 2, 3));
    EXPECT_THAT(sizes, testing::Contains(2u)) << "one voter at a time (K2)";
    EXPECT_TRUE(bench.leads());
}

TEST(Membership, OneReadyObserverBesideAnOddNumberStaysAStandby) {  // M4, M3
    Bench bench(member({1}));
    bench.campaign();
    join(bench, {2});

    bench.lead_on(2 * kTiming.stable_after, {2});

    EXPECT_THAT(voters(bench), ElementsAre(1)) << "two voters are less available than one";
    EXPECT_EQ(role_of(bench, 2), "standby");
}

// /readyz of a standby lets a rolling restart go on, but not of a node about to be promoted.
TEST(Membership, WhoIsAboutToGetAVoteIsNoStandby) {  // M3
    Bench bench;
    bench.take_the_lead();
    join(bench, {4, 5});
    for (bool promoted = false; !promoted;) {
        bench.pass(kH);
        for (const int n : {2, 3, 4, 5}) {
            bench.ack(n);
            promoted = voters(bench).size() == 4;
            if (promoted) break;
        }
    }
    ASSERT_THAT(voters(bench), ElementsAre(1, 2, 3, 4));
    EXPECT_FALSE(bench.node.config_held());
    EXPECT_TRUE(bench.sent_to<Heartbeat>(4)->config_pending);

    bench.ack(5);  // it is ready, but no quorum holds the four yet
    EXPECT_EQ(role_of(bench, 5), "observer");
    for (const int n : {2, 3}) bench.ack(n);
    EXPECT_THAT(voters(bench), ElementsAre(1, 2, 3, 4, 5));
}

TEST(Membership, TellsWhetherAQuorumHoldsItsConfiguration) {  // K2
    Bench bench(member({1, 2, 3, 4, 5}));
    EXPECT_FALSE(bench.node.config_held()) << "only a leader knows";
    bench.take_the_lead({2, 3});
    EXPECT_TRUE(bench.node.config_held());
    bench.pass(kH);
    EXPECT_FALSE(bench.sent_to<Heartbeat>(4)->config_pending);
}

TEST(Membership, FromAnEvenNumberOneIsEnough) {  // M4, M1: two acks in a row
    Bench bench(member({1, 2}));
    bench.take_the_lead({2});
    join(bench, {3});

    bench.ack(3);
    EXPECT_THAT(voters(bench), ElementsAre(1, 2)) << "one ack is no row";
    bench.pass(kH);
    bench.ack(2);
    bench.ack(3);

    EXPECT_THAT(voters(bench), ElementsAre(1, 2, 3));
}

TEST(Membership, FromThreeVotersTwoMustAckForStableAfter) {  // M1, M4
    Bench bench;
    bench.take_the_lead();
    join(bench, {4, 5});

    bench.lead_on(kTiming.stable_after - kH, {2, 3, 4, 5});
    EXPECT_THAT(voters(bench), ElementsAre(1, 2, 3));
    bench.lead_on(5 * kH, {2, 3, 4, 5});

    EXPECT_THAT(voters(bench), ElementsAre(1, 2, 3, 4, 5));
}

TEST(Membership, AGapLongerThanEBeginsTheWaitAnew) {  // M1
    Bench bench;
    bench.take_the_lead();
    join(bench, {4, 5});
    bench.lead_on(kTiming.stable_after - 2 * kH, {2, 3, 4, 5});
    bench.lead_on(kE + 2 * kH, {2, 3, 5});

    bench.lead_on(kTiming.stable_after - 2 * kH, {2, 3, 4, 5});

    EXPECT_THAT(voters(bench), ElementsAre(1, 2, 3));
    EXPECT_EQ(role_of(bench, 4), "observer");
    EXPECT_EQ(role_of(bench, 5), "standby");
}

TEST(Membership, ALoneVoterThatHasLedForDeadAfterIsStableAndWaits) {  // M1
    Bench bench(member({1}));
    bench.campaign();
    bench.lead_on(kTiming.dead_after, {});
    join(bench, {2, 3});

    bench.lead_on(kTiming.stable_after - 2 * kH, {2, 3});
    EXPECT_THAT(voters(bench), ElementsAre(1));
    bench.lead_on(6 * kH, {2, 3});

    EXPECT_THAT(voters(bench), ElementsAre(1, 2, 3));
}

TEST(Membership, TheOldestObserversAreTakenFirst) {  // M1
    Bench bench(member({1}));
    bench.campaign();
    for (const int n : {9, 7, 8}) {
        bench.sleep(1ms);
        join(bench, {n});
    }

    bench.lead_on(2 * kH, {8, 9, 7});  // two are ready once 9 has acked twice

    ASSERT_GE(voters(bench).size(), 2u);
    EXPECT_EQ(voters(bench)[1], 9);
}

TEST(Membership, MaxVotersIsTheEndAndAnEvenSettingCountsAsTheOddBelow) {  // M1
    for (const auto& [max, size] : {std::pair{7u, 7u}, {6u, 5u}, {1u, 1u}, {4u, 3u}}) {
        auto policy = plain();
        policy.max_voters = max;
        Bench bench(member({1}), policy);
        bench.campaign();
        join(bench, {2, 3, 4, 5, 6, 7, 8, 9});

        bench.lead_on(4 * kTiming.stable_after, {2, 3, 4, 5, 6, 7, 8, 9});

        EXPECT_EQ(voters(bench).size(), size);
        EXPECT_TRUE(bench.leads());
    }
}

TEST(Membership, WhoWantsNoVoteIsNeitherVoterNorStandby) {  // M1, M3
    Bench bench(member({1, 2}));
    bench.take_the_lead({2});
    join(bench, {3});

    for (int round = 0; round < 50; ++round) {
        bench.pass(kH);
        bench.ack(2);
        bench.ack(3, {.wants_vote = false});
    }

    EXPECT_THAT(voters(bench), ElementsAre(1, 2));
    EXPECT_EQ(role_of(bench, 3), "observer");
}

TEST(Membership, WhoDoesNotHoldTheCurrentConfigIsNotReady) {  // M1, thesis 4.2.1: catch up first
    Bench bench(member({1, 2}));
    bench.take_the_lead({2});
    join(bench, {3});

    for (int round = 0; round < 50; ++round) {
        bench.pass(kH);
        EXPECT_TRUE(bench.sent_to<Heartbeat>(3)->config);
        bench.ack(2);
        bench.ack(3, {.config = ConfigNumber{}});
    }

    EXPECT_THAT(voters(bench), ElementsAre(1, 2));
}

TEST(Membership, TheBannedAreNotTakenIn) {  // M1, B6
    auto durable = member({1, 2});
    durable.config.banned = {uuid(3)};
    Bench bench(durable);
    bench.take_the_lead({2});

    bench.hello(sender(3));
    EXPECT_EQ(bench.reason(), Reason::banned);
    bench.lead_on(2 * kE, {2, 3});

    EXPECT_THAT(voters(bench), ElementsAre(1, 2));
    EXPECT_EQ(role_of(bench, 3), "none");
}

TEST(Membership, TwoObserversOfOneIdAreOneCandidateForAVote) {  // M1, M4: has no voter's id
    Bench bench(member({1}));
    bench.campaign();
    auto twin = sender(2);
    twin.uuid = uuid(22);
    bench.hello(sender(2));
    bench.hello(twin);

    for (int round = 0; round < 20; ++round) {
        bench.lead_on(kH, {2});
        bench.feed(ReplyReceived{{twin, bench.term(), bench.term(), Reason::none,
                                  HeartbeatReply{.accepted = true,
                                                 .seq = bench.round(),
                                                 .config = bench.node.electorate().number,
                                                 .eligible = true,
                                                 .priority = 100}}});
    }

    EXPECT_THAT(voters(bench), ElementsAre(1)) << "an even number would be less available";
}

// ---- K2

TEST(Membership, NoStepBeforeAQuorumHoldsTheConfigInTheLeadersOwnTerm) {  // K2, C3; thesis 4.1
    Bench bench(member({1, 2}));
    bench.win({2});
    bench.hello(sender(3));
    const Ack former{.config = ConfigNumber{0, 1}};

    for (int round = 0; round < 30; ++round) {
        bench.pass(kH);
        bench.ack(2, former);
        bench.ack(3);
    }
    EXPECT_TRUE(bench.leads());
    EXPECT_EQ(bench.node.electorate().number, (ConfigNumber{1, 1}));
    bench.ack(2);
    bench.pass(kH);
    bench.ack(2);

    EXPECT_EQ(bench.node.electorate().number, (ConfigNumber{1, 2}));
}

TEST(Membership, NoSecondStepBeforeAQuorumHoldsTheFirst) {  // K2: one step after the other
    Bench bench(member({1}));
    bench.campaign();
    join(bench, {2, 3});
    for (int round = 0; round < 3; ++round) {
        bench.pass(kH);
        for (const int n : {2, 3}) bench.ack(n, {.config = ConfigNumber{1, 1}});
    }
    ASSERT_THAT(voters(bench), ElementsAre(1, 2));

    bench.pass(kH);
    bench.ack(3);
    bench.pass(kH);
    bench.ack(3);
    EXPECT_THAT(voters(bench), ElementsAre(1, 2)) << "3 has no vote: it makes no quorum of 1 and 2";
    bench.ack(2);

    EXPECT_THAT(voters(bench), ElementsAre(1, 2, 3));
}

TEST(Membership, AStepIsSavedAndToldAtOnceAndCountsAtOnce) {  // K2: fsync, heartbeat at once
    Bench bench(member({1, 2}));
    bench.take_the_lead({2});
    join(bench, {3});
    bench.ack(3);
    bench.pass(kH);
    bench.ack(2);

    bench.ack(3);

    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.out.save->config, electorate({1, 2, 3}, {1, 2}));
    ASSERT_TRUE(bench.sent_to<Heartbeat>(2));
    EXPECT_EQ(bench.sent_to<Heartbeat>(2)->config, bench.node.electorate());
    const auto told = bench.told<VotersChanged>();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].voter.uuid, uuid(3));
    EXPECT_EQ(told[0].reason, Reason::voter_joined);
}

TEST(Membership, NoStepWhileALeadIsHandedOver) {  // K2, §8: never while draining
    Bench bench(member({1, 2}));
    bench.take_the_lead({2});
    join(bench, {3});
    bench.ack(3);
    bench.command(StepDown{"2"});
    ASSERT_TRUE(bench.node.draining());

    bench.lead_on(5 * kH, {2, 3});

    EXPECT_THAT(voters(bench), ElementsAre(1, 2));
}

TEST(Membership, ALeaderBehindAPartitionMakesNoStep) {  // K2, L2
    Bench bench;
    bench.take_the_lead();
    join(bench, {4, 5});

    bench.lead_on(2 * kTiming.stable_after, {4, 5});

    EXPECT_FALSE(bench.leads());
    EXPECT_THAT(voters(bench), ElementsAre(1, 2, 3));
}

TEST(Membership, MembersShowsEveryoneTheLeaderFirst) {
    Bench bench;
    bench.take_the_lead();
    join(bench, {9});
    bench.ack(2, {.priority = 7});

    const auto members = bench.node.members(bench.now + 5ms);

    ASSERT_EQ(members.size(), 4u);
    EXPECT_EQ(members[0].uuid, uuid(1));
    EXPECT_EQ(members[0].last_ack, 0ms);
    EXPECT_EQ(members[1].last_ack, 5ms);
    EXPECT_TRUE(members[1].eligible);
    EXPECT_EQ(role_of(bench, 2), "voter");
    EXPECT_EQ(role_of(bench, 9), "observer");
    EXPECT_FALSE(members[3].last_ack);
    EXPECT_FALSE(members[3].eligible) << "until it says so";
    EXPECT_TRUE(Bench().node.members(bench.now).empty()) << "others have no view of their own";
}

// ---- when a leader looks at all nodes ----------------------------------------------------------

TEST(Membership, AnAckThatChangesNothingIsNoReasonToLookAtAllNodes) {
    Bench bench;
    bench.take_the_lead();
    bench.lead_on(2 * kE);
    bench.pass(kH);
    const auto next = bench.lead().next_look;

    bench.ack(2);
    bench.ack(3);

    EXPECT_GT(next, bench.now);
    EXPECT_EQ(bench.lead().next_look, next);
}

TEST(Membership, WhileAVoterWaitsForItsRemovalAnyAckMayLetItGo) {  // M7
    Bench bench;
    bench.take_the_lead();
    bench.lead_on(kE, {2});
    bench.pass(kH);
    bench.ack(2, {.leaving = true});
    EXPECT_THAT(voters(bench), ElementsAre(1, 2, 3)) << "1 and 3 are no quorum that answers";

    bench.ack(3);

    EXPECT_THAT(voters(bench), ElementsAre(1, 3));
}

TEST(Membership, AVoterThatCameBackAndFellSilentAgainIsReplacedInTime) {  // M6
    Bench bench;
    bench.take_the_lead();
    join(bench, {4});
    bench.lead_on(2 * kTiming.stable_after, {2, 3, 4});
    bench.lead_on(3 * kE, {2, 4});
    bench.ack(3);
    const Instant heard = bench.lead().roster.find(uuid(3))->heard();

    bench.lead_on(heard + kTiming.dead_after - kTick - bench.now, {2, 4});
    EXPECT_THAT(voters(bench), ElementsAre(1, 2, 3));
    bench.lead_on(2 * kH, {2, 4});

    EXPECT_THAT(voters(bench), ElementsAre(1, 2, 4));
}

}  // namespace
}  // namespace electiond
