// The command line of electiond-kit, and its actions.
#pragma once

#include <string>
#include <vector>

namespace electiond {

// `words`: the command line without the program.
//   --cases discovery|transport
//   --probe-plugin FILE      what the daemon does before it loads a file: host/probe.h
//   --try FILE --case NAME [--option KEY=VALUE]... [--config FILE] [--directory DIR]
//       [--certificates DIR]
// The options of the plugin are YAML: VALUE as behind a key of the configuration, FILE with a map.
// ${KIT_CASE} in them is the name of the case: plugins whose data is not in files use it to give
// each case its own data. Relative paths count from DIR, an empty folder; without --directory from
// the root. Returns the exit code: see kit/run.h; 64, with a line "misuse: REASON" on standard
// output, if the words or the YAML cannot be used. Call it before the first thread; the process
// must end after it.
[[nodiscard]] int run_words(const std::vector<std::string>& words);

}  // namespace electiond
