// The reason codes: every one has its own text, and the text leads back to it.
#include "election/reason.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace electiond {
namespace {

TEST(Reasons, EveryCodeHasATextOfItsOwnThatLeadsBack) {
    std::set<std::string> texts;
    for (int code = 0; code <= static_cast<int>(Reason::founding_sets_differ); ++code) {
        const auto reason = static_cast<Reason>(code);
        const auto text = to_string(reason);

        EXPECT_TRUE(texts.emplace(text).second) << text;
        EXPECT_EQ(parse_reason(text), reason) << text;
        EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << text;
    }
}

TEST(Reasons, TheTextsAreAContract) {  // interface.md §6
    for (const char* text : {"startup",
                             "election_timeout",
                             "takeover",
                             "step_down",
                             "shutdown",
                             "lease_expired",
                             "higher_term",
                             "re_elected_in_place",
                             "unhealthy",
                             "removed",
                             "not_a_voter",
                             "recovered",
                             "voter_joined",
                             "voter_replaced",
                             "voter_removed",
                             "promised",
                             "old_config",
                             "old_term",
                             "voted",
                             "no_cluster_id",
                             "foreign_cluster",
                             "id_in_use",
                             "malformed",
                             "unknown_node",
                             "draining",
                             "would_lose_quorum",
                             "not_eligible",
                             "duplicate_uuid",
                             "claim_conflict",
                             "two_clusters",
                             "founding_sets_differ"}) {
        EXPECT_TRUE(parse_reason(text)) << text;
    }
    EXPECT_EQ(to_string(Reason::none), "");
}

TEST(Reasons, AnUnknownTextIsNoCode) {
    EXPECT_FALSE(parse_reason("because"));
    EXPECT_FALSE(parse_reason("PROMISED"));
    EXPECT_FALSE(parse_reason("promised "));
}

}  // namespace
}  // namespace electiond
