// What changed and why: numbered, the loss of a leader held back for 2 H.
#include "node/journal.h"

#include <gtest/gtest.h>

#include <thread>

namespace electiond {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 200ms;
const Instant kNow(1h);

KnownLeader known(int n, Term token) {
    const auto name = std::to_string(n);
    return {NodeUuid("u" + name), NodeId(name), token};
}

Change leader(int n, Term token) {
    return LeaderGained{.leader = known(n, token), .reason = Reason::startup};
}

Change no_leader(int n, Term term, Reason reason = Reason::election_timeout) {
    return LeaderLost{known(n, term), term, reason};
}

struct Entries {
    Journal::Entries list;

    [[nodiscard]] std::size_t size() const { return list.size(); }
    [[nodiscard]] const Entry& operator[](std::size_t at) const { return *list.at(at); }
    [[nodiscard]] const Entry& front() const { return *list.front(); }
    [[nodiscard]] const Entry& back() const { return *list.back(); }
};

Entries all(const Journal& journal) { return {journal.after(0, 100'000)}; }

template <class Kind>
bool is(const Entry& entry) {
    return std::holds_alternative<Kind>(entry.change);
}

TEST(Journal, NumbersItsEntriesFromTheStart) {  // interface.md: starts × 2^32 + n
    Journal journal(3, kPatience);
    const Index base = Index{3} << 32;
    EXPECT_EQ(journal.index(), base);

    journal.note(kNow, leader(1, 1));
    journal.note(kNow, Report{.reason = Reason::claim_conflict});

    EXPECT_EQ(journal.index(), base + 2);
    ASSERT_EQ(all(journal).size(), 2u);
    EXPECT_EQ(all(journal)[0].index, base + 1);
    EXPECT_EQ(all(journal)[1].index, base + 2);
    EXPECT_EQ(all(journal)[0].at, kNow);
}

TEST(Journal, ALossIsEnteredOnlyAfter2H) {  // interface.md: no-leader only after 2 H
    Journal journal(1, kPatience);
    journal.note(kNow, leader(1, 1));
    journal.note(kNow + 1s, no_leader(1, 1));
    EXPECT_EQ(journal.deadline(), kNow + 1s + kPatience);

    journal.tick(kNow + 1s + kPatience - 1ns);
    EXPECT_EQ(all(journal).size(), 1u);
    journal.tick(kNow + 1s + kPatience);

    ASSERT_EQ(all(journal).size(), 2u);
    EXPECT_TRUE(is<LeaderLost>(all(journal)[1]));
    EXPECT_EQ(reason_of(all(journal)[1].change), Reason::election_timeout);
    EXPECT_EQ(all(journal)[1].previous, NodeId("1"));
    EXPECT_EQ(journal.deadline(), kNever);
    journal.tick(kNow + 1h);
    EXPECT_EQ(all(journal).size(), 2u) << "once";
}

TEST(Journal, ALeaderThatFollowsAtOnceMakesOneEntryOfTwo) {
    Journal journal(1, kPatience);
    journal.note(kNow, leader(1, 1));
    journal.note(kNow + 1s, no_leader(1, 1));

    journal.note(kNow + 1s + 30ms, leader(2, 2));

    ASSERT_EQ(all(journal).size(), 2u);
    EXPECT_EQ(std::get<LeaderGained>(all(journal)[1].change).leader.uuid, NodeUuid("u2"));
    EXPECT_EQ(all(journal)[1].previous, NodeId("1"));
    EXPECT_EQ(all(journal)[1].gap, 30ms);
    EXPECT_EQ(journal.deadline(), kNever);
}

TEST(Journal, TheSameLeaderUnderTheSameTokenMakesNone) {
    Journal journal(1, kPatience);
    journal.note(kNow, leader(1, 1));
    journal.note(kNow + 1s, no_leader(1, 1));

    journal.note(kNow + 1s + 30ms, leader(1, 1));

    EXPECT_EQ(all(journal).size(), 1u);
    EXPECT_EQ(journal.deadline(), kNever);
}

TEST(Journal, TheSameLeaderUnderANewTokenIsAnEntry) {  // re_elected_in_place
    Journal journal(1, kPatience);
    journal.note(kNow, leader(1, 1));

    journal.note(kNow + 1s, leader(1, 3));

    ASSERT_EQ(all(journal).size(), 2u);
    EXPECT_EQ(all(journal)[1].gap, 0s);
    EXPECT_EQ(all(journal)[1].previous, NodeId("1"));
}

TEST(Journal, AfterALossThatWasEnteredTheSameLeaderIsAnEntryAgain) {
    Journal journal(1, kPatience);
    journal.note(kNow, leader(1, 1));
    journal.note(kNow + 1s, no_leader(1, 1));
    journal.tick(kNow + 2s);

    journal.note(kNow + 4s, leader(1, 1));

    ASSERT_EQ(all(journal).size(), 3u);
    EXPECT_EQ(all(journal)[2].gap, 3s) << "from the loss, not from its entry";
}

TEST(Journal, ASecondLossDoesNotBeginTheGapAnew) {
    Journal journal(1, kPatience);
    journal.note(kNow, leader(1, 1));
    journal.note(kNow + 1s, no_leader(1, 1));
    journal.note(kNow + 1s + 50ms, no_leader(1, 1));

    journal.note(kNow + 1s + 60ms, leader(2, 2));

    EXPECT_EQ(all(journal).back().gap, 60ms);
}

TEST(Journal, TheFirstLeaderHasNoPrevious) {
    Journal journal(1, kPatience);

    journal.note(kNow, leader(1, 1));

    EXPECT_FALSE(all(journal)[0].previous);
    EXPECT_EQ(all(journal)[0].gap, 0s);
}

TEST(Journal, TellsWhatIsNewerAndOfThatTheNewest) {
    Journal journal(0, kPatience);
    for (int n = 1; n <= 5; ++n) journal.note(kNow, Report{.term = Term(n)});

    EXPECT_EQ(journal.after(2, 10).size(), 3u);
    EXPECT_EQ(journal.after(2, 2).front()->index, 4u);
    EXPECT_TRUE(journal.after(5, 10).empty());
    EXPECT_TRUE(journal.after(99, 10).empty());
    EXPECT_TRUE(journal.after(0, 0).empty());
}

// ---- readers that go on

TEST(Journal, AReaderGoesOnAfterItsPlace) {
    Journal journal(2, kPatience);
    const Index begin = journal.index();
    EXPECT_TRUE(journal.since(begin)->empty());
    journal.note(kNow, leader(1, 1));
    journal.note(kNow, leader(2, 2));

    const auto all_of_it = journal.since(begin);
    ASSERT_EQ(all_of_it->size(), 2u);
    EXPECT_EQ(all_of_it->front()->index, begin + 1);
    EXPECT_EQ(journal.since(begin + 1)->size(), 1u);
    EXPECT_TRUE(journal.since(begin + 2)->empty());
}

TEST(Journal, AReaderOfAnotherLifeMustBeginAnew) {
    Journal journal(2, kPatience);
    journal.note(kNow, leader(1, 1));

    EXPECT_FALSE(journal.since(0));
    EXPECT_FALSE(journal.since((Index{1} << 32) + 7)) << "of the life before";
    EXPECT_FALSE(journal.since((Index{3} << 32) + 1)) << "of a later one";
    EXPECT_FALSE(journal.since(journal.index() + 1)) << "which there has not been";
}

TEST(Journal, SoMustOneWhosePlaceIsNoLongerKept) {
    Journal journal(1, kPatience);
    const Index begin = journal.index();
    for (std::size_t n = 0; n < Journal::kKept; ++n) journal.note(kNow, Report{});
    ASSERT_TRUE(journal.since(begin));
    EXPECT_EQ(journal.since(begin)->size(), Journal::kKept);

    journal.note(kNow, Report{});

    EXPECT_FALSE(journal.since(begin));
    EXPECT_EQ(journal.since(begin + 1)->size(), Journal::kKept);
}

// ---- how long nobody led

TEST(Journal, TheGapCountsFromWhenTheLeaderBeforeWasLastKnownToLead) {
    Journal journal(1, kPatience);
    journal.note(kNow, leader(1, 1));
    journal.note(kNow + 1s, no_leader(1, 1));

    journal.note(kNow + 1s + 6ms, LeaderGained{.leader = known(2, 2), .before_until = kNow + 38ms});

    EXPECT_EQ(all(journal).back().gap, 968ms);
    EXPECT_EQ(all(journal).back().election, 6ms);
}

TEST(Journal, TheGapIsNeverShorterThanTheElection) {
    Journal journal(1, kPatience);
    journal.note(kNow, leader(1, 1));
    journal.note(kNow + 1s, no_leader(1, 1));

    journal.note(kNow + 2s, LeaderGained{.leader = known(2, 2), .before_until = kNow + 1500ms});

    EXPECT_EQ(all(journal).back().gap, 1s);
}

TEST(Journal, ALeadThatWentOnLeavesNoGap) {  // re-elected in place, while the followers voted
    Journal journal(1, kPatience);
    journal.note(kNow, leader(1, 1));
    journal.note(kNow + 1s, no_leader(1, 1));

    journal.note(kNow + 1s + 5ms,
                 LeaderGained{.leader = known(1, 2), .before_until = kNow + 1s + 5ms});

    EXPECT_EQ(all(journal).back().gap, 0s);
    EXPECT_EQ(all(journal).back().election, 0s);
}

TEST(Journal, KeepsTheNewestAndForgetsTheOldest) {
    Journal journal(0, kPatience);
    for (std::size_t n = 0; n < Journal::kKept + 10; ++n) journal.note(kNow, Report{});

    EXPECT_EQ(all(journal).size(), Journal::kKept);
    EXPECT_EQ(all(journal).front().index, 11u);
    EXPECT_EQ(journal.index(), Journal::kKept + 10);
}

TEST(Journal, IsReadWhileItIsWritten) {
    Journal journal(0, kPatience);
    std::thread reader([&] {
        while (journal.index() < 2000) {
            const auto some = journal.after(0, 100);
            for (std::size_t i = 1; i < some.size(); ++i) {
                EXPECT_EQ(some[i]->index, some[i - 1]->index + 1);
            }
        }
    });

    for (int n = 0; n < 2000; ++n) journal.note(kNow, Report{});

    reader.join();
}

}  // namespace
}  // namespace electiond
