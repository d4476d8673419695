// Ranked timers: R1 to R3 of protocol.md.
#include "election/succession.h"

#include "bench.h"

namespace electiond {
namespace {

using testing::ElementsAre;

// The order that the leader tells once 2 … 5 have acked like this.
std::vector<NodeUuid> order_after(const std::vector<Ack>& acks) {
    Bench bench(member({1, 2, 3, 4, 5}));
    bench.take_the_lead({2, 3, 4, 5});
    for (std::size_t i = 0; i < acks.size(); ++i) bench.ack(static_cast<int>(i) + 2, acks[i]);
    bench.pass(kH);
    for (std::size_t i = 0; i < acks.size(); ++i) bench.ack(static_cast<int>(i) + 2, acks[i]);
    bench.pass(kH);
    return bench.lead().succession.order;
}

TEST(Succession, TheOrderHoldsTheEligibleVotersOtherThanTheLeader) {  // R1
    EXPECT_THAT(order_after({{}, {}, {}, {}}), ElementsAre(uuid(2), uuid(3), uuid(4), uuid(5)))
        << "then in the order of the config";
    EXPECT_THAT(order_after({{}, {.eligible = false}, {}, {}}),
                ElementsAre(uuid(2), uuid(4), uuid(5)));
}

TEST(Succession, HigherPriorityGoesFirst) {  // R1
    EXPECT_THAT(order_after({{.priority = 1}, {.priority = 3}, {.priority = 2}, {.priority = 3}}),
                ElementsAre(uuid(3), uuid(5), uuid(4), uuid(2)));
}

TEST(Succession, WhoIsCoolingOrSilentGoesLastWhateverItsPriority) {  // R1
    EXPECT_THAT(order_after({{.priority = 900, .cooling = true}, {}, {}, {}}),
                ElementsAre(uuid(3), uuid(4), uuid(5), uuid(2)));

    Bench bench;
    bench.take_the_lead();
    bench.lead_on(5 * kH, {3});
    EXPECT_THAT(bench.lead().succession.order, ElementsAre(uuid(3), uuid(2)));
}

TEST(Succession, ObserversHaveNoPlace) {  // R1: voters
    Bench bench;
    bench.take_the_lead();
    bench.hello(sender(9));
    bench.lead_on(3 * kH, {2, 3, 9});

    EXPECT_THAT(bench.lead().succession.order, ElementsAre(uuid(2), uuid(3)));
}

TEST(Succession, TheStepIsFourMillisecondsAndFourRoundTrips) {  // R1
    const Instant now(1h);
    const auto config = electorate({1, 2, 3});
    Roster roster(config, uuid(1), now);
    EXPECT_EQ(Ranking(config, uuid(1), roster, kTiming, now).succession().step, 4ms);

    roster.ack(uuid(2), {.accepted = true, .seq = 1, .eligible = true}, now - 3ms, now, kE);
    roster.ack(uuid(3), {.accepted = true, .seq = 1, .eligible = true}, now - 1ms, now, kE);
    EXPECT_EQ(Ranking(config, uuid(1), roster, kTiming, now).succession().step, 16ms)
        << "the largest among them";

    roster.ack(uuid(2), {.accepted = true, .seq = 2, .eligible = true}, now - 9s, now, kE);
    EXPECT_EQ(Ranking(config, uuid(1), roster, kTiming, now).succession().step, kS) << "at most S";
}

TEST(Succession, ItDiffersByItsOrderOrByMoreThanHalfItsStep) {  // R1
    const Succession now{{uuid(2), uuid(3)}, 10ms};

    EXPECT_FALSE(differs(now, now));
    EXPECT_TRUE(differs(now, {{uuid(3), uuid(2)}, 10ms}));
    EXPECT_FALSE(differs(now, {now.order, 15ms}));
    EXPECT_TRUE(differs(now, {now.order, 16ms}));
    EXPECT_FALSE(differs(now, {now.order, 5ms}));
    EXPECT_TRUE(differs(now, {now.order, 4ms}));
}

// ---- the view

TEST(Succession, TheViewStartsAt1InEachTerm) {  // R1
    Bench bench;
    bench.win({2});
    EXPECT_EQ(bench.sent_to<Heartbeat>(2)->view, 1u);
    bench.ack(2);
    bench.ack(3);

    bench.ack(3, {.accepted = false, .term = 6});
    bench.answer_vote(2);
    ASSERT_TRUE(bench.is<Leading>());
    EXPECT_EQ(bench.sent_to<Heartbeat>(2)->view, 1u);
}

TEST(Succession, AQuietClustersViewStandsStillAndIsNotSentAgain) {  // R1, §3
    Bench bench;
    bench.take_the_lead();
    bench.lead_on(10 * kH);
    const auto view = bench.lead().view;

    bench.lead_on(2 * kE);
    bench.pass(kH);

    EXPECT_EQ(bench.lead().view, view) << "never for lastAckMs";
    const auto beat = bench.sent_to<Heartbeat>(2);
    EXPECT_FALSE(beat->config);
    EXPECT_FALSE(beat->members);
    EXPECT_FALSE(beat->succession);
}

TEST(Succession, WhoHasNotAckedTheConfigOrTheViewIsSentThem) {  // §3
    Bench bench;
    bench.win({2});
    auto beat = *bench.sent_to<Heartbeat>(2);
    EXPECT_EQ(beat.config, bench.node.electorate());
    ASSERT_TRUE(beat.members);
    EXPECT_EQ(beat.members->size(), 3u);
    EXPECT_TRUE(beat.succession);

    bench.ack(2, {.view = 0});
    bench.pass(kH);
    beat = *bench.sent_to<Heartbeat>(2);
    EXPECT_FALSE(beat.config) << "it has shown that it has it";
    EXPECT_TRUE(beat.members);
}

TEST(Succession, TheViewMovesWhenAMemberOrWhatItShowsChanges) {  // R1
    Bench bench;
    bench.take_the_lead();
    bench.lead_on(5 * kH);
    const auto moves = [&](const char* what, const auto& change) {
        const auto view = bench.lead().view;
        change();
        bench.pass(kH);
        for (const int n : {2, 3}) bench.ack(n);
        EXPECT_GT(bench.lead().view, view) << what;
        bench.lead_on(3 * kH);
    };

    moves("eligibility", [&] {
        bench.pass(kH);
        bench.ack(2, {.eligible = false});
    });
    moves("priority", [&] {
        bench.pass(kH);
        bench.ack(2, {.priority = 7});
    });
    moves("address", [&] { bench.feed(AddressesChanged{}); });
    moves("a new member", [&] { bench.hello(sender(9)); });
}

TEST(Succession, TheViewMovesWhenAnObserverBecomesAStandbyAndWhenItIsForgotten) {  // R1, M3
    Bench bench;
    bench.take_the_lead();
    bench.hello(sender(9));
    bench.lead_on(kTiming.stable_after - 2 * kH, {2, 3, 9});
    auto view = bench.lead().view;
    bench.lead_on(5 * kH, {2, 3, 9});
    EXPECT_GT(bench.lead().view, view) << "9 is a standby now";

    bench.lead_on(2 * kE);
    view = bench.lead().view;
    bench.lead_on(kTiming.dead_after);
    EXPECT_EQ(bench.lead().roster.find(uuid(9)), nullptr);
    EXPECT_GT(bench.lead().view, view);
}

// ---- R2, R3: the timers that follow from it

Duration waits(int place, Milliseconds step) {
    Bench bench(member({1, 2, 3, 4}));
    auto beat = bench.beat();
    beat.view = 1;
    beat.members.emplace();
    beat.succession = Succession{{uuid(9), uuid(8), uuid(7)}, step};
    if (place >= 0) beat.succession->order[static_cast<std::size_t>(place)] = uuid(1);
    bench.heartbeat(2, 1, beat);
    bench.pass(kH);
    beat.members.reset();
    beat.succession.reset();
    bench.heartbeat(2, 1, beat);
    const Instant heard = bench.now;
    bench.campaign();
    return bench.now - heard;
}

TEST(Succession, AVoterAtPlaceKWaitsEAndKSteps) {  // R2
    EXPECT_EQ(waits(0, 7ms), kE);
    EXPECT_EQ(waits(1, 7ms), kE + 7ms);
    EXPECT_EQ(waits(2, 7ms), kE + 14ms);
}

TEST(Succession, WhoHasNoPlaceWaitsAtRandom) {  // R2
    const auto wait = waits(-1, 7ms);

    EXPECT_GT(wait, kE + 14ms) << "as likely as not, and so for this seed";
    EXPECT_LT(wait, kE + kS);
}

TEST(Succession, APlaceBelongsToTheTermItWasToldIn) {  // R2, `view`
    Bench bench;
    auto beat = bench.beat();
    beat.view = 1;
    beat.members.emplace();
    beat.succession = Succession{{uuid(1)}, 7ms};
    bench.heartbeat(2, 1, beat);

    bench.heartbeat(3, 2);
    const Instant heard = bench.now;
    bench.campaign();

    EXPECT_GT(bench.now - heard, kE);
}

TEST(Succession, AFailedAttemptIsFollowedByARandomWait) {  // R2: every timer set for another reason
    Bench bench;
    auto beat = bench.beat();
    beat.view = 1;
    beat.members.emplace();
    beat.succession = Succession{{uuid(1)}, 7ms};
    bench.heartbeat(2, 1, beat);
    bench.campaign();
    const Instant first = bench.now;
    bench.pass(kTick);
    bench.pass_until([&] { return !bench.sent<PreVote>().empty(); });

    EXPECT_GT(bench.now - first, kE / 4);
}

TEST(Succession, ARestartedVoterWaitsForItsPromiseThenByItsPlaceInTheConfig) {  // R3
    const auto waits = [](Durable durable) {
        durable.promise = 3 * kE;
        Bench bench(durable);
        const Instant start = bench.now;
        bench.campaign();
        return bench.now - start;
    };

    EXPECT_EQ(waits(member({1, 2, 3})), 3 * kE);
    EXPECT_EQ(waits(member({2, 1, 3})), 3 * kE + 10ms);
    EXPECT_EQ(waits(member({2, 3, 1})), 3 * kE + 20ms);
}

}  // namespace
}  // namespace electiond
