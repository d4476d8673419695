// electionctl plugin: makes a project for a new plugin, and checks whether a plugin follows the
// rules.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace electiond::ctl {

// `words` are those after `plugin`. Asks no node. Returns the exit code; throws UsageError, and
// Error with its exit code.
[[nodiscard]] int plugin(const std::vector<std::string>& words, std::ostream& out);

}  // namespace electiond::ctl
