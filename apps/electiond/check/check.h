// electiond --check: all checks that are possible without starting the node.
#pragma once

#include <filesystem>

namespace electiond {

// Further actions of --check.
struct CheckAsked {
    bool print = false;  // --print-config: the merged configuration, too
    bool probe = false;  // --probe: also bind, resolve and connect (probe.h), if there is no fault
};

// Reads the configuration `file` and all files that it names, tries the plugins, and checks
// folders, sockets and interfaces as the effective user. Prints each fault and warning as a line to
// standard error, and the configuration to standard output. Creates, writes, locks and binds
// nothing. Returns 0, or 78 if there is a fault, or the code of the probe. Ends the process if a
// plugin hangs. Throws Error if the file is not a configuration at all.
[[nodiscard]] int check(const std::filesystem::path& file, const CheckAsked& asked);

// --print-config alone: prints the merged configuration and the values derived from it, to standard
// output. Tries the plugins; reads no other file than `file`. Throws Error that lists every fault
// of the settings.
void print_configuration(const std::filesystem::path& file);

}  // namespace electiond
