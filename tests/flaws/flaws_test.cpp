// The simulation bites: it finds each planted bug, and finds nothing where none is planted. So does
// the exploration, where a bug is within its reach.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../io/shell.h"
#include "flaws.h"
#include "orders.h"

namespace electiond::sim {
namespace {

// Code that is not optimised is too slow for a hunt to its end: a few seeds are played there.
#ifndef ELECTIOND_OPTIMIZED
constexpr bool kHurried = true;
constexpr std::uint64_t kSeeds = 2;
#else
constexpr bool kHurried = false;
constexpr std::uint64_t kSeeds = 2000;
#endif
constexpr std::uint64_t kControlSeeds = kHurried ? 2 : 160;

// What the clean program says of the same seeds.
std::string clean_hunt(std::uint64_t seeds) {
    const std::string command = FLAWS_CLEAN_HUNT " --flaw none --seeds " + std::to_string(seeds);
    const auto result = io::run_in_shell(command);
    EXPECT_EQ(result.code, 0) << result.output;
    return result.output;
}

class PlantedFlaw : public ::testing::TestWithParam<Flaw> {};

TEST_P(PlantedFlaw, IsFound) {
    const auto quarry = hunt(GetParam().name, kSeeds);
    if (!quarry.fault && kHurried) {
        GTEST_SKIP() << "not found in " << kSeeds << " seeds; the plain build goes on for longer";
    } else {
        EXPECT_TRUE(quarry.fault) << GetParam().sentence << " The referee saw nothing.";
    }
}

INSTANTIATE_TEST_SUITE_P(, PlantedFlaw,
                         ::testing::ValuesIn(known_flaws().begin(), known_flaws().end()),
                         [](const auto& flaw) { return std::string(flaw.param.name); });

// Without a bug the copy is the very program that it was copied from, to the byte of a transcript.
TEST(NoFlaw, IsFoundAndTheTranscriptIsThatOfTheCleanCode) {
    const auto quarry = hunt({}, kControlSeeds);

    EXPECT_FALSE(quarry.fault) << *quarry.fault;
    EXPECT_THAT(clean_hunt(kControlSeeds), ::testing::HasSubstr(in_hex(quarry.hash)));
}

// As `hunt_orders` finds them; the others need more nodes, more actions, or a room that is not
// explored.
struct Order {
    const char* flaw;
    const char* scenario;
    unsigned actions;
};

void PrintTo(const Order& order, std::ostream* out) { *out << order.flaw; }

class PlantedFlawInOrder : public ::testing::TestWithParam<Order> {};

TEST_P(PlantedFlawInOrder, IsFound) {
    const auto& [flaw, scenario, actions] = GetParam();

    const auto report = exploration::explore_flaw(flaw, scenario, {.depth = actions});

    EXPECT_NE(report.fault, "");
    EXPECT_EQ(report.depth + 1, actions) << "the nearest harm is that far away";
    EXPECT_GE(report.transcript.size(), actions);
}

INSTANTIATE_TEST_SUITE_P(, PlantedFlawInOrder,
                         ::testing::Values(Order{"change_of_voters_waits", "removal", 2},
                                           Order{"drain_ignores_grants", "hand-over", 7},
                                           Order{"heartbeat_promises_nothing", "overtaken", 4},
                                           Order{"leader_promises_itself_nothing", "overtaken", 4},
                                           Order{"lease_from_arrival", "founded", 12},
                                           Order{"lease_of_those_seen_lately", "founded", 6},
                                           Order{"new_voter_overlooked", "growth", 4},
                                           Order{"no_drift_margin", "drift", 8},
                                           Order{"no_wait_after_restart", "overtaken", 5},
                                           Order{"old_configuration_elects", "removals", 10},
                                           Order{"old_heartbeat_accepted", "overtaken", 1},
                                           Order{"own_promise_not_stored", "founded", 3},
                                           Order{"own_vote_counts_unsaved", "founded", 1},
                                           Order{"own_vote_ignores_own_promise", "overtaken", 6},
                                           Order{"promise_begins_too_early", "overtaken", 5},
                                           Order{"promise_ignored", "overtaken", 4},
                                           Order{"promise_not_stored", "founded", 4},
                                           Order{"two_votes_in_a_term", "founded", 3},
                                           Order{"unsaved_configuration_acked", "overtaken", 5},
                                           Order{"voters_change_without_quorum", "removals", 2}),
                         [](const auto& order) { return std::string(order.param.flaw); });

}  // namespace
}  // namespace electiond::sim
