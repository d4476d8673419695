// The scenarios: how the world begins, and which actions are possible.
#pragma once

#include <string>
#include <vector>

#include "exploration/stage.h"

namespace electiond::exploration {

enum class Beginning { founded, led, overtaken };

struct Scenario {
    std::string name{};
    std::string what{};
    Rules rules{};
    Beginning beginning = Beginning::founded;
};

[[nodiscard]] const std::vector<Scenario>& scenarios();
[[nodiscard]] const Scenario& scenario_named(const std::string& name);  // throws Error
[[nodiscard]] World begin(Stage& stage, const Scenario& scenario);

}  // namespace electiond::exploration
