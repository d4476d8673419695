// What electiond does for `electionctl plugin check`: lists conformance cases, and runs one of
// them.
#pragma once

#include <string>
#include <vector>

namespace electiond {

// Whether `words`, the command line without the program, asks for this. Not in --help: the daemon
// only lends its process to the kit.
[[nodiscard]] bool is_kit_mode(const std::vector<std::string>& words);

//   --plugin-cases discovery|transport
//   --try-plugin FILE --case NAME [--option KEY=VALUE]... [--config FILE] [--directory DIR]
//       [--certificates DIR]
// The options of the plugin are YAML: VALUE as behind a key of the configuration, FILE with a map.
// Relative paths in them count from DIR, an empty folder; without --directory from the root.
// Returns the exit code: see kit/run.h; 64, with a line "misuse: REASON" on standard output, if the
// words or the YAML cannot be used. The process must end after it.
[[nodiscard]] int run_kit_mode(const std::vector<std::string>& words);

}  // namespace electiond
