// Log lines as entries of the journal: their fields, and whether standard error leads there.
#include "journal_entry.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <cstdlib>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <io/descriptor.h>

namespace electiond {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(JournalEntry, HasMessagePriorityNodeAndFields) {
    EXPECT_THAT(journal_entry("n1", {LogLevel::info,
                                     "node 2 leads",
                                     {{"leader", "2"}, {"term", 7}, {"reason", "step_down"}}}),
                ElementsAre("MESSAGE=node 2 leads leader=2 term=7 reason=step_down", "PRIORITY=6",
                            "ELECTIOND_NODE=n1", "ELECTIOND_LEADER=2", "ELECTIOND_TERM=7",
                            "ELECTIOND_REASON=step_down"));
}

TEST(JournalEntry, HasTheIdOfItsKindAndHidesTheKindInTheMessage) {
    EXPECT_THAT(
        journal_entry("n1", {LogLevel::info, "node 2 leads", {{"change", "leader"}}}),
        ElementsAre("MESSAGE=node 2 leads", "PRIORITY=6", "ELECTIOND_NODE=n1",
                    "ELECTIOND_CHANGE=leader", "MESSAGE_ID=1a13cf84d30a4d868bd76252f85719ba"));
    EXPECT_THAT(journal_entry("n1", {LogLevel::info, "x", {{"change", "of a plugin"}}}),
                Each(Not(StartsWith("MESSAGE_ID"))));
}

TEST(JournalEntry, PrioritiesAreThoseOfSyslog) {
    EXPECT_THAT(journal_entry("n1", {LogLevel::debug, "x", {}}), Contains("PRIORITY=7"));
    EXPECT_THAT(journal_entry("n1", {LogLevel::warning, "x", {}}), Contains("PRIORITY=4"));
    EXPECT_THAT(journal_entry("n1", {LogLevel::error, "x", {}}), Contains("PRIORITY=3"));
    EXPECT_EQ(with_priorities("one\ntwo", LogLevel::error), "<3>one\n<3>two");
}

// The journal drops an entry's field with any other name, and shows one with control characters as
// binary data.
TEST(JournalEntry, NamesAndValuesAreCleanWhateverIsInThem) {
    const std::string longest(100, 'k');
    const auto entry = journal_entry(
        "n1", {LogLevel::info, "a\nb", {{"from.a-b", "x\ny\x01\xff"}, {longest, "1"}}});

    EXPECT_EQ(entry[0], "MESSAGE=a b from.a-b=x y ? " + longest + "=1");
    EXPECT_EQ(entry[3], "ELECTIOND_FROM_A_B=x y ?");
    EXPECT_EQ(entry[4], "ELECTIOND_" + std::string(54, 'K') + "=1");
}

TEST(JournalEntry, EachKindHasAnIdOfItsOwn) {
    std::set<std::string_view> ids;
    for (const auto* kind :
         {"started", "stopped", "leader", "no_leader", "state", "voters", "observer",
          "voter_silent", "voter_back", "quorum_missing", "nobody_may_lead", "founder_awaited",
          "duplicate_uuid", "id_in_use", "two_clusters", "claim_conflict", "claim_orphaned",
          "founding_sets_differ"}) {
        EXPECT_EQ(message_id(kind).size(), 32U) << kind;
        EXPECT_TRUE(ids.insert(message_id(kind)).second) << kind;
    }
    EXPECT_EQ(message_id("nonsense"), "");
}

TEST(JournalEntry, StandardErrorIsTheJournalOnlyIfItsNumbersSaySo) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const io::Descriptor one(ends[0]);
    const io::Descriptor other(ends[1]);
    struct stat state {};
    ASSERT_EQ(::fstat(one.get(), &state), 0);
    const auto numbers = std::to_string(state.st_dev) + ":" + std::to_string(state.st_ino);

    EXPECT_FALSE(is_journal(one.get()));
    ::setenv("JOURNAL_STREAM", numbers.c_str(), 1);
    EXPECT_TRUE(is_journal(one.get()));
    EXPECT_FALSE(is_journal(other.get()));
    EXPECT_FALSE(is_journal(-1));
    for (const auto* wrong : {"", "x", "1", ":", "1:", "99999999999999999999:1"}) {
        ::setenv("JOURNAL_STREAM", wrong, 1);
        EXPECT_FALSE(is_journal(one.get())) << wrong;
    }
    ::unsetenv("JOURNAL_STREAM");
}

}  // namespace
}  // namespace electiond
