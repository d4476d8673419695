// electionctl plugin: makes the project of a new plugin, and checks whether a plugin keeps the
// rules.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace electiond::ctl {

// `words` are those after `plugin`. Asks no node. Returns the exit code; throws UsageError, and
// Error with the exit code that it stands for.
[[nodiscard]] int plugin(const std::vector<std::string>& words, std::ostream& out);

}  // namespace electiond::ctl
