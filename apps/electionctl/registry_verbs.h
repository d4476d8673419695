// electionctl registry: lists the entries of a registry's file, and removes those of dead nodes.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace electiond::ctl {

// `words` are those after `registry`. Asks no node: reads and writes the file, as the daemons do.
// Returns the exit code; throws UsageError, or Error with a code for the exit code.
[[nodiscard]] int registry_verb(const std::vector<std::string>& words, std::ostream& out);

}  // namespace electiond::ctl
