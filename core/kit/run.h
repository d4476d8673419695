// Lists the conformance cases, and runs one of them on one plugin in this process.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include <electiond/plugin.h>

#include "kit/case.h"
#include "kit/trial.h"

namespace electiond::kit {

// All cases of a kind, in the order in which they are run.
[[nodiscard]] std::vector<Case> cases_of(PluginKind kind);

// What `electiond-kit --cases KIND` prints: a line "NAME<TAB>NEEDS<TAB>EXPECTED" for each case.
void print_cases(PluginKind kind, std::ostream& out);

// What `electiond-kit --try FILE --case NAME` does: runs the case in this process, and writes to
// standard output as Report does. What the plugin prints goes to standard error. Returns the exit
// code: 0 passed or skipped, 1 failed, 64 if there is no such case; Report may also end
// the process before this returns. Call it before the first thread starts; the process must end
// after it, because the plugin may have left anything behind.
[[nodiscard]] int try_plugin(const std::filesystem::path& file, const std::string& name,
                             const Subject& subject);

}  // namespace electiond::kit
