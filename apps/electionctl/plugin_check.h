// electionctl plugin check: runs the conformance cases on one plugin.
#pragma once

#include <iosfwd>

#include "electionctl/plugin_arguments.h"

namespace electiond::ctl {

// Prints the outcome of each case as it ends (JSON: at the end). Returns 0 if every case passed or
// was skipped, else 1 (with --strict also for a skipped one). Throws UsageError and Error.
[[nodiscard]] int check_plugin(const PluginArguments& arguments, std::ostream& out);

// Prints the name of each case of a kind, and what is expected.
[[nodiscard]] int list_plugin_cases(const PluginArguments& arguments, std::ostream& out);

}  // namespace electiond::ctl
