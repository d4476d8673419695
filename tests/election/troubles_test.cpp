// Problems that last: silent voters, a missing quorum, voters that may not lead, missing founders.
#include "election/troubles.h"

#include "bench.h"

namespace electiond {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Instant kNow{std::chrono::hours(1)};

// ---- how many can be lost

TEST(CanLose, KeepsAQuorumAndOneThatMayLead) {
    EXPECT_EQ(can_lose(5, 5, 3), 2u);
    EXPECT_EQ(can_lose(3, 3, 3), 0u);
    EXPECT_EQ(can_lose(2, 2, 3), 0u) << "never less than nothing";
    EXPECT_EQ(can_lose(5, 2, 3), 1u) << "one of the two that may lead has to stay";
    EXPECT_EQ(can_lose(5, 1, 3), 0u);
    EXPECT_EQ(can_lose(5, 0, 3), 0u);
}

// ---- at most one silence and one return a minute

struct OneVoter : testing::Test {
    std::optional<std::uint64_t> silent(Duration at) {
        return voters.silent(voter(2), kNow + at - kE, kNow + at);
    }
    bool back(Duration at) { return voters.back(uuid(2), kNow + at).has_value(); }

    SilentVoters voters;
};

TEST_F(OneVoter, ItsSilenceIsToldOnce) {
    EXPECT_EQ(silent(0s), 0u);
    EXPECT_FALSE(silent(1s));
    EXPECT_FALSE(silent(70s)) << "it has not come back";
    EXPECT_EQ(voters.back(uuid(2), kNow + 71s), 72s) << "counted from when it was last heard";
    EXPECT_FALSE(back(72s)) << "once";
}

TEST_F(OneVoter, WhatComesAndGoesIsToldOnceAMinuteWithACount) {
    EXPECT_EQ(silent(0s), 0u);
    EXPECT_TRUE(back(1s));
    for (const auto at : {10s, 20s, 30s}) {
        EXPECT_FALSE(silent(at));
        EXPECT_FALSE(silent(at + 1s)) << "counted once";
        EXPECT_FALSE(back(at + 2s)) << "what was not told as gone does not come back";
    }
    EXPECT_EQ(silent(60s), 3u);
    EXPECT_TRUE(back(61s));
}

TEST_F(OneVoter, AnUntoldSilenceThatLastsIsToldWhenTheMinuteIsOver) {
    EXPECT_EQ(silent(0s), 0u);
    EXPECT_TRUE(back(1s));
    EXPECT_FALSE(silent(10s));
    EXPECT_FALSE(silent(59s));
    EXPECT_EQ(silent(60s), 0u) << "without this time itself";
    EXPECT_EQ(voters.all().front().since, kNow + 10s - kE);
}

// ---- a leader

// What a voter of this priority says.
Hello of_priority(std::int64_t priority) {
    return {.blank = false, .priority = priority, .config = {0, 1}};
}

class Watched : public Bench {
  public:
    using Bench::Bench;

    std::vector<Change> all;

    template <class Kind>
    [[nodiscard]] std::vector<Kind> heard() const {
        std::vector<Kind> found;
        for (const auto& change : all) {
            if (const auto* one = std::get_if<Kind>(&change)) found.push_back(*one);
        }
        return found;
    }
    // Lets time pass; these ack every round.
    void lead(Duration length, std::initializer_list<int> friends, const Ack& what = {}) {
        for (const Instant end = now + length; now < end;) {
            pass(std::min<Duration>(kH, end - now));
            collect();
            for (const int n : friends) {
                ack(n, what);
                collect();
            }
        }
    }
    // Lets time pass; these say hello every 100 ms.
    void wait(Duration length, std::initializer_list<int> speakers,
              const Hello& says = of_priority(100)) {
        for (const Instant end = now + length; now < end;) {
            pass(std::min<Duration>(100ms, end - now));
            collect();
            for (const int n : speakers) hello(sender(n), says);
        }
    }
    void collect() { all.insert(all.end(), out.changes.begin(), out.changes.end()); }
    template <class Kind>
    [[nodiscard]] bool stands() const {
        return std::ranges::any_of(node.troubles(), [](const Trouble& trouble) {
            return std::holds_alternative<Kind>(trouble.change);
        });
    }
};

TEST(Leader, TellsOfAVoterThatIsSilentForAnElectionTimeout) {
    Watched bench;
    bench.take_the_lead();
    bench.lead(kE, {2, 3});
    const Instant last = bench.now;
    const auto before = bench.node.troubles_revision();

    bench.lead(kE - kH, {2});
    EXPECT_THAT(bench.heard<VoterSilent>(), IsEmpty());
    EXPECT_THAT(bench.node.troubles(), IsEmpty());
    bench.lead(2 * kH, {2});

    ASSERT_EQ(bench.heard<VoterSilent>().size(), 1u);
    const auto told = bench.heard<VoterSilent>().front();
    EXPECT_EQ(told.subject.voter, voter(3));
    EXPECT_EQ(told.term, bench.term());
    EXPECT_GE(told.away, kE);
    EXPECT_LE(told.away, kE + kH);
    EXPECT_EQ(told.answering, 2u);
    EXPECT_EQ(told.voters, 3u);
    EXPECT_EQ(told.can_lose, 0u);
    EXPECT_EQ(told.unpublished, 0u);
    ASSERT_EQ(bench.node.troubles().size(), 1u);
    EXPECT_LE(bench.node.troubles().front().since, last);
    EXPECT_NE(bench.node.troubles_revision(), before);

    bench.lead(5s, {2});
    EXPECT_EQ(bench.heard<VoterSilent>().size(), 1u) << "once";
}

TEST(Leader, TellsThatASilentVoterIsBack) {
    Watched bench;
    bench.take_the_lead();
    bench.lead(10s, {2});
    bench.lead(kH, {2, 3});
    bench.lead(kE, {2, 3});

    ASSERT_EQ(bench.heard<VoterBack>().size(), 1u);
    EXPECT_EQ(bench.heard<VoterBack>().front().voter, voter(3));
    EXPECT_GE(bench.heard<VoterBack>().front().away, 10s);
    EXPECT_LE(bench.heard<VoterBack>().front().away, 10s + 2 * kH);
    EXPECT_THAT(bench.node.troubles(), IsEmpty());
}

TEST(Leader, TellsOfTheFormerLeaderThatItHasNeverHeard) {
    Watched bench;
    bench.take_the_lead({2});
    bench.lead(2 * kE, {2});

    ASSERT_EQ(bench.heard<VoterSilent>().size(), 1u);
    EXPECT_EQ(bench.heard<VoterSilent>().front().subject.voter, voter(3));
}

TEST(Leader, CountsWhatCanBeLostByQuorumAndByWhoMayLead) {
    const auto can_lose = [](bool eligible) {
        Watched bench(member({1, 2, 3, 4, 5}));
        bench.take_the_lead({2, 3, 4, 5});
        bench.lead(3 * kE, {2, 3, 4}, {.eligible = eligible});
        EXPECT_EQ(bench.heard<VoterSilent>().size(), 1u);
        EXPECT_EQ(bench.heard<VoterSilent>().front().answering, 4u);
        return bench.heard<VoterSilent>().front().can_lose;
    };

    EXPECT_EQ(can_lose(true), 1u);
    EXPECT_EQ(can_lose(false), 0u) << "nobody but this node may lead";
}

TEST(Leader, TellsOfAVoterThatFlapsAtMostOnceAMinute) {
    Watched bench;
    bench.take_the_lead();
    for (int times = 0; times < 30; ++times) {
        bench.lead(2 * kE, {2});
        bench.lead(2 * kE, {2, 3});
    }

    EXPECT_EQ(bench.heard<VoterSilent>().size(), 2u) << "in two minutes";
    EXPECT_EQ(bench.heard<VoterBack>().size(), 2u);
    EXPECT_GE(bench.heard<VoterSilent>().back().unpublished, 13u);
}

TEST(Leader, ThatLosesItsLeadNoLongerKnowsWhoIsSilent) {
    Watched bench;
    bench.take_the_lead();
    bench.lead(2 * kE, {2});
    ASSERT_TRUE(bench.stands<VoterSilent>());

    bench.heartbeat(2, bench.term() + 1);
    bench.collect();

    EXPECT_FALSE(bench.stands<VoterSilent>());
    EXPECT_THAT(bench.heard<VoterBack>(), IsEmpty());
}

TEST(Leader, ThatReElectsItselfInPlaceStillKnowsWhoIsSilent) {
    Watched bench;
    bench.take_the_lead();
    bench.lead(2 * kE, {2});
    const auto since = bench.node.troubles().front().since;

    bench.ack(2, {.accepted = false, .term = bench.term() + 3});
    bench.answer_vote(2);
    ASSERT_TRUE(bench.is<Leading>());
    bench.lead(3 * kE, {2});

    ASSERT_TRUE(bench.stands<VoterSilent>());
    EXPECT_EQ(bench.node.troubles().front().since, since);
    EXPECT_EQ(bench.heard<VoterSilent>().size(), 1u);
}

TEST(Leader, ForgetsTheSilenceOfAVoterThatIsRemoved) {
    Watched bench;
    bench.take_the_lead();
    bench.lead(2 * kE, {2});
    ASSERT_TRUE(bench.stands<VoterSilent>());

    bench.command(Remove{"3"});
    bench.lead(kE, {2});

    ASSERT_EQ(bench.node.electorate().voters.size(), 2u);
    EXPECT_FALSE(bench.stands<VoterSilent>());
}

TEST(Leader, AloneIsSilentAboutSilence) {
    Watched bench(member({1}));
    bench.pass(10s);
    bench.collect();
    ASSERT_TRUE(bench.leads());
    EXPECT_THAT(bench.heard<VoterSilent>(), IsEmpty());
}

// ---- no quorum

TEST(Survivor, NamesWhoAnswersAndWhoDoesNot) {
    Watched bench(member({1, 2, 3, 4, 5}));
    bench.heartbeat(3, 4);
    bench.wait(2 * kE - kH, {2});
    EXPECT_THAT(bench.heard<QuorumMissing>(), IsEmpty()) << "one failed try is none";
    bench.wait(2 * kE, {2});

    ASSERT_EQ(bench.heard<QuorumMissing>().size(), 1u);
    const auto told = bench.heard<QuorumMissing>().front();
    EXPECT_THAT(told.answering, ElementsAre(voter(1), voter(2)));
    ASSERT_EQ(told.silent.size(), 3u);
    EXPECT_EQ(told.silent.front().voter, voter(3));
    EXPECT_EQ(told.quorum, 3u);
    EXPECT_TRUE(bench.stands<QuorumMissing>());
}

TEST(Survivor, SaysThatAQuorumIsMissingOnceAndThenEachMinute) {
    Watched bench;
    bench.heartbeat(3, 4);
    bench.wait(50s, {});
    EXPECT_EQ(bench.heard<QuorumMissing>().size(), 1u);
    bench.wait(30s, {});
    EXPECT_EQ(bench.heard<QuorumMissing>().size(), 2u);

    bench.heartbeat(3, 9);
    EXPECT_THAT(bench.node.troubles(), IsEmpty()) << "somebody leads";
    bench.wait(5s, {});
    EXPECT_EQ(bench.heard<QuorumMissing>().size(), 3u) << "another outage";
}

TEST(Survivor, DoesNotMissAQuorumThatAnswers) {
    Watched bench;
    bench.heartbeat(3, 4);
    bench.wait(20s, {2});
    EXPECT_THAT(bench.heard<QuorumMissing>(), IsEmpty());
    EXPECT_THAT(bench.heard<NobodyMayLead>(), IsEmpty());

    bench.wait(5s, {});
    EXPECT_TRUE(bench.stands<QuorumMissing>());
    bench.wait(3s, {2});
    EXPECT_FALSE(bench.stands<QuorumMissing>()) << "it answers again";
}

TEST(Survivor, WhoseProcessWasStoppedSaysNothingOfWhatItHasNotRead) {
    Watched bench;
    bench.heartbeat(3, 4);
    bench.wait(1s, {2});
    bench.pass_until([&] { return bench.is<PreCandidate>(); });
    bench.sleep(12s);
    bench.pass(1ms);
    bench.collect();
    EXPECT_THAT(bench.heard<QuorumMissing>(), IsEmpty());
}

TEST(Survivor, ThatOnlyObservesMissesNoQuorum) {
    auto record = member({2, 3, 4});
    Watched bench(record);
    bench.heartbeat(3, 4);
    bench.wait(20s, {});
    EXPECT_THAT(bench.heard<QuorumMissing>(), IsEmpty());
}

// ---- nobody may lead

Policy witness() {
    auto policy = plain();
    policy.priority = 0;
    return policy;
}

TEST(Witness, SaysThatThoseThatAnswerMayNotLead) {
    Watched bench(member({1, 2, 3}), witness());
    bench.heartbeat(3, 4);
    bench.wait(5s, {2}, of_priority(0));

    ASSERT_EQ(bench.heard<NobodyMayLead>().size(), 1u);
    const auto told = bench.heard<NobodyMayLead>().front();
    EXPECT_THAT(told.answering, ElementsAre(BarredVoter{voter(1), Bar::priority},
                                            BarredVoter{voter(2), Bar::priority}));
    ASSERT_EQ(told.silent.size(), 1u);
    EXPECT_EQ(told.silent.front().voter, voter(3));
    EXPECT_THAT(bench.heard<QuorumMissing>(), IsEmpty());

    bench.wait(60s, {2}, of_priority(0));
    EXPECT_EQ(bench.heard<NobodyMayLead>().size(), 2u) << "each minute";
    bench.heartbeat(3, 5);
    EXPECT_FALSE(bench.stands<NobodyMayLead>());
}

TEST(Witness, WaitsForAVoterThatMayLead) {
    Watched bench(member({1, 2, 3}), witness());
    bench.heartbeat(3, 4);
    bench.wait(10s, {2});
    EXPECT_THAT(bench.heard<NobodyMayLead>(), IsEmpty());
}

TEST(Witness, AloneMissesAQuorum) {
    Watched bench(member({1, 2, 3}), witness());
    bench.heartbeat(3, 4);
    bench.wait(10s, {});
    ASSERT_EQ(bench.heard<QuorumMissing>().size(), 1u);
    EXPECT_THAT(bench.heard<QuorumMissing>().front().answering, ElementsAre(voter(1)));
    EXPECT_THAT(bench.heard<NobodyMayLead>(), IsEmpty());
}

TEST(Witness, KnowsFromTheFormerLeaderWhoMayNotLead) {
    Watched bench(member({1, 2, 3}), witness());
    auto beat = bench.beat();
    beat.view = 1;
    beat.members = {
        {.id = id(2), .uuid = uuid(2), .last_ack = 5ms, .eligible = false, .priority = 100}};
    beat.succession = Succession{};
    bench.heartbeat(3, 4, beat);
    bench.wait(5s, {2});
    ASSERT_EQ(bench.heard<NobodyMayLead>().size(), 1u);
    EXPECT_EQ(bench.heard<NobodyMayLead>().front().answering.back().bar, Bar::not_eligible);

    bench.asks_pre_vote(2, 5);
    bench.wait(2s, {2});
    EXPECT_FALSE(bench.stands<NobodyMayLead>()) << "who campaigns may lead";
}

// ---- founders

Policy founders(std::vector<NodeId> ids, std::size_t expect = 0) {
    auto policy = plain(Bootstrap::all);
    policy.founders = std::move(ids);
    policy.expect = expect;
    return policy;
}

struct Founders : testing::Test {
    // These say hello every 100 ms, as blank nodes.
    void wait(Watched& bench, Duration length, std::initializer_list<int> speakers,
              const Hello& says = {}) {
        for (const Instant end = bench.now + length; bench.now < end;) {
            bench.pass(100ms);
            bench.collect();
            for (const int n : speakers) bench.hello(sender(n, ""), says);
        }
    }
};

TEST_F(Founders, TheOneThatIsMissingIsNamedAfterFiveTimeoutsThenEachMinute) {
    Watched bench(blank(), founders({id(1), id(2), id(3)}));
    wait(bench, 5 * kE - kH, {2});
    EXPECT_THAT(bench.heard<FounderAwaited>(), IsEmpty());
    wait(bench, kE, {2});

    ASSERT_EQ(bench.heard<FounderAwaited>().size(), 1u);
    EXPECT_EQ(bench.heard<FounderAwaited>().front(),
              (FounderAwaited{.id = id(3), .why = {}, .heard = 2, .founders = 3}));
    EXPECT_TRUE(bench.stands<FounderAwaited>());
    wait(bench, 50s, {2});
    EXPECT_EQ(bench.heard<FounderAwaited>().size(), 1u);
    wait(bench, 11s, {2});
    EXPECT_EQ(bench.heard<FounderAwaited>().size(), 2u);

    wait(bench, 3s, {2, 3});
    EXPECT_FALSE(bench.stands<FounderAwaited>());
}

TEST_F(Founders, AreCountedWhereOnlyTheirNumberIsConfigured) {
    Watched bench(blank(), founders({}, 3));
    wait(bench, 6 * kE, {2});
    ASSERT_EQ(bench.heard<FounderAwaited>().size(), 1u);
    EXPECT_EQ(bench.heard<FounderAwaited>().front(),
              (FounderAwaited{.id = {}, .why = {}, .heard = 2, .founders = 3}));
}

TEST_F(Founders, OneThatWantsNoVoteIsNone) {
    Watched bench(blank(), founders({id(1), id(2)}));
    wait(bench, 6 * kE, {2}, {.wants_vote = false});
    ASSERT_EQ(bench.heard<FounderAwaited>().size(), 1u);
    EXPECT_THAT(bench.heard<FounderAwaited>().front().why, HasSubstr("node.observer"));
}

TEST_F(Founders, OneThatHasLostItsUuidIsNotTheOneThatWasPromised) {
    auto record = blank();
    record.founding_set = {voter(1), voter(2), {id(3), uuid(33)}};
    Watched bench(record, founders({id(1), id(2), id(3)}));
    wait(bench, 6 * kE, {2, 3});
    ASSERT_EQ(bench.heard<FounderAwaited>().size(), 1u);
    EXPECT_EQ(bench.heard<FounderAwaited>().front().id, id(3));
    EXPECT_THAT(bench.heard<FounderAwaited>().front().why, HasSubstr("u33"));
}

TEST_F(Founders, AreNotAwaitedByWhoIsNone) {
    Watched bench(blank(), founders({id(2), id(3)}));
    wait(bench, 10 * kE, {2});
    EXPECT_THAT(bench.heard<FounderAwaited>(), IsEmpty());
}

TEST_F(Founders, AreNotAwaitedWhereThereIsAClusterToJoin) {
    Watched bench(blank(), founders({id(1), id(2), id(3)}));
    bench.hello(sender(2), {.blank = false, .config = {0, 1}});
    wait(bench, 10 * kE, {});
    EXPECT_THAT(bench.heard<FounderAwaited>(), IsEmpty());
}

}  // namespace
}  // namespace electiond
