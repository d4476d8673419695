// Every order of what can happen to three elections, to a moderate depth; and that harm is found.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exploration/explorer.h"
#include "exploration/scenarios.h"

namespace electiond::exploration {
namespace {

using testing::HasSubstr;

// Instrumented code is slower by ten times: four actions less there.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr unsigned kLess = 4;
#else
constexpr unsigned kLess = 0;
#endif

Report explored(const Scenario& scenario, const Limits& limits) {
    Stage stage(scenario.rules);
    const World start = begin(stage, scenario);
    return explore(stage, start, limits);
}

std::string story(const Report& report) {
    std::string all = report.fault + "\n";
    for (const auto& line : report.transcript) all += line + "\n";
    return all;
}

struct Depth {
    const char* scenario;
    unsigned depth;
};

std::string name_of(const testing::TestParamInfo<Depth>& entry) {
    std::string name = entry.param.scenario;
    std::erase(name, '-');
    return name;
}

void PrintTo(const Depth& depth, std::ostream* out) { *out << depth.scenario; }

class Exploration : public testing::TestWithParam<Depth> {};

TEST_P(Exploration, NoOrderBreaksAPromise) {
    const auto& [name, depth] = GetParam();

    const Report report = explored(scenario_named(name), {.depth = depth - kLess});

    EXPECT_EQ(report.fault, "") << story(report);
    EXPECT_EQ(report.depth, depth - kLess);
    EXPECT_GT(report.shown_to_lead, 100U) << "the worlds hardly ever have a leader";
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Exploration,
                         testing::Values(Depth{"founded", 15}, Depth{"pre-votes", 14},
                                         Depth{"led", 17}, Depth{"overtaken", 12},
                                         Depth{"hand-over", 14}, Depth{"removal", 13},
                                         Depth{"removals", 12}, Depth{"growth", 16},
                                         Depth{"from-one", 14}, Depth{"drift", 15}),
                         name_of);

// The reductions are sound, as far as one step shows: what is taken for the same has the same
// successors.
class Sameness : public testing::TestWithParam<Depth> {};

TEST_P(Sameness, WorldsTakenForTheSameHaveTheSameSuccessors) {
    const auto& [name, depth] = GetParam();

    const Report report =
        explored(scenario_named(name), {.depth = depth - kLess, .compare_one_in = 1});

    EXPECT_EQ(report.fault, "") << story(report);
    EXPECT_GT(report.compared, 100U);
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Sameness,
                         testing::Values(Depth{"founded", 11}, Depth{"pre-votes", 11},
                                         Depth{"led", 12}, Depth{"overtaken", 9},
                                         Depth{"hand-over", 11}, Depth{"removal", 10},
                                         Depth{"removals", 9}, Depth{"growth", 12},
                                         Depth{"from-one", 10}, Depth{"drift", 12}),
                         name_of);

// Messages that are dropped because they can have no effect any more could indeed have had none:
// with all of them kept, the nodes come into the very same states.
class Dropping : public testing::TestWithParam<Depth> {};

TEST_P(Dropping, LeavesTheNodesTheSameStates) {
    const auto& [name, depth] = GetParam();
    Scenario hoarding = scenario_named(name);
    hoarding.rules.keeps_all_post = true;
    const Limits limits{.depth = depth - kLess / 2, .count_nodes = true};

    const Report dropped = explored(scenario_named(name), limits);
    const Report kept = explored(hoarding, limits);

    EXPECT_LT(dropped.states, kept.states);
    EXPECT_EQ(dropped.node_states.size(), kept.node_states.size());
    EXPECT_TRUE(dropped.node_states == kept.node_states);
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Dropping,
                         testing::Values(Depth{"founded", 9}, Depth{"pre-votes", 9},
                                         Depth{"led", 9}, Depth{"overtaken", 8},
                                         Depth{"hand-over", 8}, Depth{"removal", 8},
                                         Depth{"removals", 7}, Depth{"growth", 9},
                                         Depth{"from-one", 8}, Depth{"drift", 9}),
                         name_of);

// ---- that harm is found ------------------------------------------------------------------------

Report broken(const std::string& scenario, Fault fault, unsigned depth) {
    Scenario harmed = scenario_named(scenario);
    harmed.rules.fault = fault;
    return explored(harmed, {.depth = depth});
}

TEST(Exploration, FindsTwoLeadersOfATermWhereAVoteIsForgotten) {
    const Report report = broken("founded", Fault::vote_not_durable, 14);

    EXPECT_THAT(report.fault, HasSubstr("two leaders of term 1")) << story(report);
}

TEST(Exploration, FindsTwoLeadersOfATermWhereADiskForgetsASave) {
    const Report report = broken("founded", Fault::save_not_durable, 14);

    EXPECT_THAT(report.fault, HasSubstr("two leaders of term 1")) << story(report);
}

TEST(Exploration, FindsTwoLeadersAtOnceWhereAPromiseIsForgotten) {
    const Report report = broken("led", Fault::promise_not_durable, 14);

    EXPECT_THAT(report.fault, HasSubstr("lead")) << story(report);
}

TEST(Exploration, FindsALeaderBesideAGrantWhereAHandOverDoesNotWait) {
    const Report report = broken("hand-over", Fault::book_forgets, 14);

    EXPECT_THAT(report.fault, HasSubstr("while a client relies on")) << story(report);
}

TEST(Exploration, FindsTwoAtOnceWhereAClockIsFasterThanAssumed) {
    Scenario harmed = scenario_named("led");
    harmed.rules.rates = {990, 1000, 1030};  // against A4

    const Report report = explored(harmed, {.depth = 14});

    EXPECT_THAT(report.fault, HasSubstr("lead")) << story(report);
}

}  // namespace
}  // namespace electiond::exploration
