// The hunt for a planted bug by exploration: every order of what can happen, to a depth.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "exploration/explorer.h"

namespace electiond::exploration {

// Explores one scenario with `flaw` planted, also while the scenario is set up.
[[nodiscard]] Report explore_flaw(std::string_view flaw, const std::string& scenario,
                                  const Limits& limits);

}  // namespace electiond::exploration
