// Which bug is planted now: the one switch that the patches of this folder ask. Included by force
// into every file of the flawed copy; no other code knows of it.
#pragma once

#include <string_view>

namespace electiond {

// At most one at a time; none in the beginning. Set before a cluster is made, never during a run.
inline std::string_view planted_flaw;

[[nodiscard]] inline bool planted(std::string_view flaw) { return planted_flaw == flaw; }

}  // namespace electiond
