// Visits every world that can be reached in a number of actions, breadth first.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "exploration/stage.h"

namespace electiond::exploration {

struct Limits {
    unsigned depth = 10;
    std::uint64_t states = 50'000'000;
    std::function<bool()> stop = [] { return false; };  // asked now and then
    // One in so many worlds that count as the same as another is compared closely: it must have the
    // same successors. 0: none.
    std::uint64_t compare_one_in = 0;
    bool count_nodes = false;  // see Report::node_states
};

struct Level {
    unsigned depth = 0;
    std::uint64_t states = 0;       // seen here for the first time
    std::uint64_t transitions = 0;  // that led here, or to a world known before
};

struct Report {
    std::vector<Level> levels{};
    std::uint64_t states = 0;
    std::uint64_t transitions = 0;
    std::uint64_t out_of_bounds = 0;        // worlds not followed: too high a term
    std::uint64_t shown_to_lead = 0;        // worlds with a visible leader
    std::uint64_t compared = 0;             // worlds that count as the same, compared closely
    std::set<std::uint64_t> node_states{};  // worlds that differ in more than messages under way
    unsigned depth = 0;                     // the deepest that was visited completely
    bool complete = false;                  // there is nothing beyond
    std::string fault{};                    // the first broken promise; empty: none
    std::vector<std::string> transcript{};  // the shortest way there
};

// `told` is called at the end of each level.
[[nodiscard]] Report explore(Stage& stage, const World& start, const Limits& limits,
                             const std::function<void(const Report&)>& told = {});

}  // namespace electiond::exploration
