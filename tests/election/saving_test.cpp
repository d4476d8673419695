// What leaves before it is durable, and what is saved later: D1, D1a and D1b of protocol.md (§4.6).
#include "bench.h"

namespace electiond {
namespace {

TEST(Saving, ANewCandidateAsksWhileItSavesItsVote) {  // D1a
    Bench bench;
    bench.campaign();

    bench.answer_pre_vote(2);

    EXPECT_TRUE(bench.out.send_before_save);
    EXPECT_EQ(bench.sent<VoteRequest>().size(), 2u);
    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.out.save->term, 1u);
    EXPECT_EQ(bench.out.save->voted_for, uuid(1));
}

TEST(Saving, SoDoesTheTargetOfAHandOver) {  // D1a, T3
    Bench bench;
    bench.heartbeat(2, 1);

    EXPECT_TRUE(bench.told_timeout_now(2, 1));

    EXPECT_TRUE(bench.out.send_before_save);
    EXPECT_EQ(bench.sent<VoteRequest>().size(), 2u);
    EXPECT_EQ(bench.out.save->term, 2u);
}

TEST(Saving, ThePreVotesOfACampaignChangeNothingAndSaveNothing) {
    Bench bench;

    bench.campaign();

    EXPECT_FALSE(bench.out.save);
    EXPECT_FALSE(bench.out.send_before_save);
}

TEST(Saving, ALeaderThatReElectsItselfInPlaceSavesFirst) {  // D1a, C4
    Bench bench;
    bench.take_the_lead();

    bench.ack(3, {.accepted = false, .term = 6});

    EXPECT_TRUE(bench.is<Candidate>());
    EXPECT_EQ(bench.out.save->term, 7u);
    EXPECT_FALSE(bench.out.send_before_save);
}

TEST(Saving, AVoterSavesFirst) {  // D1
    Bench bench;
    bench.pass(kE);

    EXPECT_TRUE(bench.asks_vote(2, 7));

    EXPECT_TRUE(bench.out.save);
    EXPECT_FALSE(bench.out.send_before_save);
}

TEST(Saving, ALoneVoterSavesBeforeItsHeartbeatsLeave) {  // D1, C3
    Bench bench(member({1}));

    bench.campaign();

    EXPECT_TRUE(bench.leads());
    EXPECT_EQ(bench.out.save->term, 1u);
    EXPECT_FALSE(bench.out.send_before_save);
}

// Has promised kE before, so that C3 changes nothing but the name.
Durable seasoned(Term term = 0) {
    auto durable = member({1, 2, 3});
    durable.term = term;
    durable.promise = kE;
    return durable;
}

TEST(Saving, ANewLeaderSavesTheNameOfItsConfigurationAfterItsFirstRound) {  // D1b
    Bench bench(seasoned());
    bench.win({2});
    EXPECT_EQ(bench.node.electorate().number, (ConfigNumber{1, 1}));
    EXPECT_FALSE(bench.out.save);
    EXPECT_EQ(bench.sent<Heartbeat>().size(), 2u);

    bench.ack(2);
    EXPECT_TRUE(bench.leads());
    EXPECT_FALSE(bench.out.save) << "its clients do not wait for it";
    bench.pass(kH / 2 - kTick);
    EXPECT_FALSE(bench.out.save);
    bench.pass(kTick);

    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.out.save->config.number, (ConfigNumber{1, 1}));
}

TEST(Saving, ANewLeaderSavesAtOnceWhatIsMoreThanAName) {  // D1, L3
    Bench bench;

    bench.win({2});

    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.out.save->promise, kE);
    EXPECT_EQ(bench.out.save->config.number, (ConfigNumber{1, 1}));
}

// A follower of term 1.
struct SeasonedFollower : Bench {
    SeasonedFollower() : Bench(seasoned(1)) {}

    // A heartbeat that brings this configuration.
    [[nodiscard]] Heartbeat bringing(Electorate config) const {
        auto bringing = beat();
        bringing.number = config.number;
        bringing.config = std::move(config);
        return bringing;
    }
};

TEST(Saving, AFollowerAcksWhatIsSavedAndSavesTheNewNameSoon) {  // D1b, H2
    SeasonedFollower bench;
    const auto beat = bench.bringing(electorate({1, 2, 3}, {1, 1}));

    const auto first = bench.heartbeat(2, 1, beat);
    EXPECT_TRUE(first.accepted);
    EXPECT_EQ(first.config, (ConfigNumber{0, 1}));
    EXPECT_FALSE(bench.out.save);
    bench.pass(kH / 2);
    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.out.save->config.number, (ConfigNumber{1, 1}));

    EXPECT_EQ(bench.heartbeat(2, 1, beat).config, (ConfigNumber{1, 1}));
}

TEST(Saving, AFollowerSavesAtOnceAConfigurationWithOtherVoters) {  // D1, H2
    SeasonedFollower bench;

    const auto ack = bench.heartbeat(2, 1, bench.bringing(electorate({1, 2, 3, 4}, {1, 2})));

    EXPECT_EQ(ack.config, (ConfigNumber{1, 2}));
    EXPECT_TRUE(bench.out.save);
}

TEST(Saving, AnUnsavedNameIsSavedWithTheNextChange) {  // D1b
    SeasonedFollower bench;
    bench.heartbeat(2, 1, bench.bringing(electorate({1, 2, 3}, {1, 1})));

    EXPECT_TRUE(bench.told_timeout_now(2, 1));

    EXPECT_EQ(bench.out.save->term, 2u);
    EXPECT_EQ(bench.out.save->config.number, (ConfigNumber{1, 1}));
}

TEST(Saving, ALeaderHoldsItsConfigurationOnlyOnceTheNameIsSaved) {  // D1b, K2
    Bench bench(seasoned());
    bench.win();

    bench.ack(2);  // names the new name, as after a lost ack
    EXPECT_TRUE(bench.leads());
    EXPECT_FALSE(bench.node.config_held());
    bench.pass(kH / 2);

    EXPECT_TRUE(bench.node.config_held());
}

}  // namespace
}  // namespace electiond
