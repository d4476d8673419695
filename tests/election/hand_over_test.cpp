// Hand-over: T1 to T3 and E2 of protocol.md, leadership transfer of the thesis (3.10).
#include "bench.h"

namespace electiond {
namespace {

const Instant kNothingGranted{};

// Led by 1, in which 2 and 3 hold the current config.
Bench leader(Policy policy = plain()) {
    Bench bench(member({1, 2, 3}), std::move(policy));
    bench.take_the_lead();
    return bench;
}

TEST(HandOver, OnlyWhoLeadsCanStepDown) {  // T1
    Bench bench;

    const auto ticket = bench.command(StepDown{});

    ASSERT_EQ(bench.out.done.size(), 1u);
    EXPECT_EQ(bench.out.done[0].ticket, ticket);
    EXPECT_EQ(bench.out.done[0].refused, Reason::not_leader);
}

TEST(HandOver, ThePriorLeaderStopsAcceptingWork) {  // T1 draining, thesis 3.10 step 1
    auto bench = leader();

    bench.command(StepDown{});

    EXPECT_TRUE(bench.node.draining());
    EXPECT_EQ(bench.out.grants, Grants::close);
    EXPECT_FALSE(bench.leads());
    EXPECT_EQ(bench.state(), State::follower) << "interface.md: a draining leader";
    EXPECT_FALSE(bench.node.hint(bench.now));
    EXPECT_TRUE(bench.is<Leading>());
    EXPECT_TRUE(bench.out.done.empty());
    EXPECT_TRUE(bench.sent<TimeoutNow>().empty()) << "not before what was granted is known";
}

TEST(HandOver, HeartbeatsGoOnWhileItDrains) {  // T1
    auto bench = leader();
    bench.command(StepDown{});

    bench.pass(kH);

    EXPECT_EQ(bench.sent<Heartbeat>().size(), 2u);
    EXPECT_TRUE(bench.heartbeat(2, 0).accepted == false);
}

TEST(HandOver, ItWaitsOutEveryGrantAndNeverCutsItShort) {  // T1
    auto bench = leader();
    bench.command(StepDown{});
    const Instant granted = bench.now + 90ms;

    bench.feed(GrantsClosed{granted});
    bench.pass(granted - bench.now - kTick);
    EXPECT_TRUE(bench.is<Leading>());
    EXPECT_TRUE(bench.sent<TimeoutNow>().empty());
    bench.pass(kTick);

    EXPECT_TRUE(bench.is<Following>());
    EXPECT_EQ(bench.sent<TimeoutNow>().size(), 1u);
}

TEST(HandOver, ThenItLetsGoOfTheLeadAndTellsTheTarget) {  // T2, thesis 3.10 step 3
    auto bench = leader();
    bench.command(StepDown{"3"});

    bench.feed(GrantsClosed{kNothingGranted});

    EXPECT_TRUE(bench.is<Following>());
    EXPECT_FALSE(bench.node.lease());
    EXPECT_FALSE(bench.node.followed());
    EXPECT_TRUE(bench.sent_to<TimeoutNow>(3));
    EXPECT_FALSE(bench.sent_to<TimeoutNow>(2));
    EXPECT_EQ(bench.out.send.back().term, 1u) << "the term that it led";
    EXPECT_EQ(bench.term(), 1u);
    EXPECT_TRUE(bench.node.cooling(bench.now));
}

TEST(HandOver, TheTargetIsToldAgainEachHeartbeatUntilEHasPassed) {  // T2
    auto bench = leader();
    bench.command(StepDown{});
    bench.feed(GrantsClosed{kNothingGranted});
    ASSERT_EQ(bench.sent<TimeoutNow>().size(), 1u);

    bench.pass(kE - kTick);
    EXPECT_EQ(bench.sent<TimeoutNow>().size(), 9u);
    EXPECT_TRUE(bench.out.done.empty());
    bench.pass(kTick);

    EXPECT_TRUE(bench.sent<TimeoutNow>().empty());
    ASSERT_EQ(bench.out.done.size(), 1u);
    EXPECT_EQ(bench.out.done[0].refused, Reason::none);
    EXPECT_FALSE(bench.out.done[0].successor) << "the try has ended";
    bench.pass(kE);
    EXPECT_TRUE(bench.sent<TimeoutNow>().empty());
}

TEST(HandOver, OnceAHigherTermIsSeenItIsToldNoMoreAndWhoAskedHearsWhoLeads) {  // T2
    auto bench = leader();
    bench.command(StepDown{});
    bench.feed(GrantsClosed{kNothingGranted});

    EXPECT_TRUE(bench.asks_vote(2, 2, {}, true)) << "its own promise to itself does not bind here";
    bench.pass(2 * kH);
    EXPECT_TRUE(bench.sent<TimeoutNow>().empty());
    EXPECT_TRUE(bench.out.done.empty());

    bench.heartbeat(2, 2);
    ASSERT_EQ(bench.out.done.size(), 1u);
    EXPECT_EQ(bench.out.done[0].successor, id(2));
    EXPECT_EQ(bench.out.done[0].term, 2u);
}

TEST(HandOver, WhoLeftItsRoleNeverGetsALeaseInThatTermAgain) {  // T2, last sentence
    auto bench = leader();
    bench.pass(kH);
    const auto seq = bench.round();
    bench.command(StepDown{});
    bench.feed(GrantsClosed{kNothingGranted});

    bench.ack(2, {.seq = seq});
    bench.ack(3, {.seq = seq});

    EXPECT_FALSE(bench.node.lease());
    EXPECT_TRUE(bench.is<Following>());
}

TEST(HandOver, TheStopHooksAreWaitedForButNotForEver) {  // T1: at most hooks.timeout
    auto policy = plain();
    policy.has_stop_hooks = true;
    policy.hooks_timeout = 300ms;
    auto bench = leader(policy);
    bench.command(StepDown{});
    bench.feed(GrantsClosed{kNothingGranted});
    EXPECT_TRUE(bench.node.draining());

    auto patient = bench;
    bench.feed(HooksDone{});
    EXPECT_TRUE(bench.is<Following>());

    patient.pass(300ms - kTick);
    EXPECT_TRUE(patient.node.draining());
    patient.pass(kTick);
    EXPECT_TRUE(patient.is<Following>());
}

TEST(HandOver, HooksThatAreDoneDoNotShortenAGrant) {  // T1: both
    auto policy = plain();
    policy.has_stop_hooks = true;
    policy.hooks_timeout = 300ms;
    auto bench = leader(policy);
    bench.command(StepDown{});
    bench.feed(GrantsClosed{bench.now + 90ms});

    bench.feed(HooksDone{});
    EXPECT_TRUE(bench.node.draining());
    bench.pass(90ms);

    EXPECT_TRUE(bench.is<Following>());
}

TEST(HandOver, TheTargetIsBroughtUpToDateFirst) {  // T1, thesis 3.10 step 2
    Bench bench;
    bench.win();
    bench.ack(2, {.config = ConfigNumber{0, 1}});
    bench.ack(3, {.config = ConfigNumber{0, 1}});
    ASSERT_TRUE(bench.leads());

    bench.command(StepDown{"2"});
    EXPECT_FALSE(bench.node.draining());
    EXPECT_TRUE(bench.leads()) << "it leads on meanwhile";
    bench.ack(3);
    EXPECT_FALSE(bench.node.draining()) << "another's config does not matter";
    bench.pass(kH);
    bench.ack(2);

    EXPECT_TRUE(bench.node.draining());
}

TEST(HandOver, ButItWaitsForTheTargetsConfigNoLongerThanE) {  // T1: at most E
    Bench bench;
    bench.win();
    const Ack behind{.config = ConfigNumber{0, 1}};
    for (const int n : {2, 3}) bench.ack(n, behind);
    bench.command(StepDown{"2"});

    bench.lead_on(kE - kTick, {2, 3}, behind);
    EXPECT_FALSE(bench.node.draining());
    bench.pass(kTick);

    EXPECT_TRUE(bench.node.draining());
}

TEST(HandOver, ADrainThatOutlivesTheLeaseEndsWithoutTimeoutNow) {  // T1: losing the role ends it
    auto bench = leader();
    const auto ticket = bench.command(StepDown{});
    bench.feed(GrantsClosed{bench.now + 10 * kE});

    bench.pass(2 * kE);

    EXPECT_TRUE(bench.is<Following>() || bench.is<PreCandidate>());
    EXPECT_FALSE(bench.node.draining());
    EXPECT_TRUE(bench.sent<TimeoutNow>().empty());
    ASSERT_EQ(bench.out.done.size(), 1u);
    EXPECT_EQ(bench.out.done[0].ticket, ticket);
    EXPECT_FALSE(bench.out.done[0].successor);
}

TEST(HandOver, OneAtATime) {  // interface.md: 409 draining
    auto bench = leader();
    bench.command(StepDown{"2"});

    const auto second = bench.command(StepDown{"3"});

    ASSERT_EQ(bench.out.done.size(), 1u);
    EXPECT_EQ(bench.out.done[0].ticket, second);
    EXPECT_EQ(bench.out.done[0].refused, Reason::draining);
    EXPECT_EQ(bench.lead().hand_over->target, uuid(2));
}

TEST(HandOver, ABadTargetIsRefusedAndChangesNothing) {  // interface.md /step-down
    auto bench = leader();
    bench.hello(sender(9));
    bench.ack(3, {.eligible = false});
    const auto refused = [&](const std::string& to) {
        bench.command(StepDown{to});
        EXPECT_FALSE(bench.lead().hand_over);
        EXPECT_EQ(bench.out.done.size(), 1u);
        return bench.out.done.at(0).refused;
    };

    EXPECT_EQ(refused("7"), Reason::unknown_node);
    EXPECT_EQ(refused("9"), Reason::not_eligible) << "an observer";
    EXPECT_EQ(refused("1"), Reason::not_eligible) << "itself";
    bench.pass(kH);
    bench.ack(3, {.eligible = false});
    bench.ack(2);
    EXPECT_EQ(refused("3"), Reason::not_eligible);
    bench.pass(2 * kH);
    EXPECT_EQ(refused("2"), Reason::not_eligible) << "silent for 2 H";
    EXPECT_TRUE(bench.leads());
}

TEST(HandOver, ATargetMayBeNamedByItsUuid) {
    auto bench = leader();

    bench.command(StepDown{"u3"});

    EXPECT_EQ(bench.lead().hand_over->target, uuid(3));
}

TEST(HandOver, WithoutTargetItReleasesAnywayWithoutAMessage) {  // T2: no target
    auto bench = leader();
    bench.pass(3 * kH);  // nobody has acked for 2 H

    bench.command(StepDown{});
    EXPECT_TRUE(bench.node.draining());
    bench.feed(GrantsClosed{kNothingGranted});

    EXPECT_TRUE(bench.is<Following>());
    EXPECT_TRUE(bench.sent<TimeoutNow>().empty());
    ASSERT_EQ(bench.out.done.size(), 1u);
    EXPECT_EQ(bench.out.done[0].refused, Reason::none);
    EXPECT_FALSE(bench.out.done[0].successor);
    EXPECT_TRUE(bench.node.cooling(bench.now));
}

TEST(HandOver, TheBestTargetIsNotCoolingThenOfHighPriorityThenFreshlyHeard) {  // 4.5 "Target"
    const auto target = [](const Ack& two, const Ack& three) {
        auto bench = leader();
        bench.pass(kH);
        bench.ack(2, two);
        bench.ack(3, three);
        bench.command(StepDown{});
        return bench.lead().hand_over->target;
    };

    EXPECT_EQ(target({.priority = 50}, {.priority = 60}), uuid(3));
    EXPECT_EQ(target({.priority = 50}, {.priority = 60, .cooling = true}), uuid(2));
    EXPECT_EQ(target({.priority = 50, .cooling = true}, {.priority = 60, .cooling = true}),
              uuid(3));
    EXPECT_EQ(target({.seq = 1}, {.seq = 2}), uuid(3));
    EXPECT_EQ(target({.seq = 2}, {.seq = 1}), uuid(2));
    EXPECT_EQ(target({.eligible = false}, {.priority = 1}), uuid(3));
    EXPECT_EQ(target({.eligible = false}, {.eligible = false}), std::nullopt);
}

TEST(HandOver, ACandidateInPlaceFirstFinishesItsElection) {  // T1
    auto bench = leader();
    bench.ack(3, {.accepted = false, .term = 6});
    ASSERT_TRUE(bench.is<Candidate>());

    const auto ticket = bench.command(StepDown{"2"});
    EXPECT_TRUE(bench.out.done.empty());
    EXPECT_TRUE(bench.leads());
    bench.answer_vote(2);
    EXPECT_TRUE(bench.is<Leading>());
    EXPECT_TRUE(bench.out.done.empty()) << "the new lead has forgotten all acks";
    bench.ack(2);
    ASSERT_TRUE(bench.node.draining());
    bench.feed(GrantsClosed{kNothingGranted});
    EXPECT_TRUE(bench.sent_to<TimeoutNow>(2));
    bench.heartbeat(2, 8);
    ASSERT_EQ(bench.out.done.size(), 1u);
    EXPECT_EQ(bench.out.done[0].ticket, ticket);
    EXPECT_EQ(bench.out.done[0].refused, Reason::none);
}

TEST(HandOver, ACandidateInPlaceThatLosesRefusesWhatWaited) {
    auto bench = leader();
    bench.ack(3, {.accepted = false, .term = 6});
    bench.command(StepDown{});

    bench.heartbeat(2, 9);

    ASSERT_EQ(bench.out.done.size(), 1u);
    EXPECT_EQ(bench.out.done[0].refused, Reason::not_leader);
}

TEST(HandOver, AGracefulStopIsAHandOver) {  // 4.5
    auto bench = leader();
    bench.command(Stop{});
    ASSERT_TRUE(bench.node.draining());
    bench.feed(GrantsClosed{kNothingGranted});

    EXPECT_EQ(bench.sent<TimeoutNow>().size(), 1u);
    bench.heartbeat(2, 2);

    ASSERT_EQ(bench.out.done.size(), 1u);
    EXPECT_FALSE(bench.node.eligible()) << "it never campaigns again";
    bench.pass(20 * kE);
    EXPECT_TRUE(bench.sent<PreVote>().empty());
}

TEST(HandOver, AStopDuringAStepDownWaitsForItsEnd) {
    auto bench = leader();
    const auto step_down = bench.command(StepDown{});
    const auto stop = bench.command(Stop{});
    EXPECT_TRUE(bench.out.done.empty());
    bench.feed(GrantsClosed{kNothingGranted});
    const auto another = bench.command(Stop{});
    EXPECT_TRUE(bench.out.done.empty());

    bench.heartbeat(2, 2);

    ASSERT_EQ(bench.out.done.size(), 3u);
    EXPECT_EQ(bench.out.done[0].ticket, step_down);
    EXPECT_EQ(bench.out.done[1].ticket, stop);
    EXPECT_EQ(bench.out.done[2].ticket, another);
}

TEST(HandOver, WhoDoesNotLeadStopsAtOnce) {
    Bench bench;

    bench.command(Stop{});

    EXPECT_EQ(bench.out.done.size(), 1u);
    EXPECT_EQ(bench.out.done.at(0).refused, Reason::none);
}

}  // namespace
}  // namespace electiond
