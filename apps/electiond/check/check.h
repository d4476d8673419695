// electiond --check: all checks that are possible without starting the node.
#pragma once

#include "settings/settings.h"

namespace electiond {

// Further actions of --check.
struct CheckAsked {
    bool print = false;  // --print-config: the merged configuration, too
    bool probe = false;  // --probe: also bind, resolve and connect (probe.h), if there is no fault
};

// Reads the configuration and all files that it names, tries the plugins, and checks
// folders, sockets and interfaces as the effective user. Prints each fault and warning as a line to
// standard error, and the configuration to standard output. Creates, writes, locks and binds
// nothing. Returns 0, or 78 if there is a fault, or the code of the probe. Ends the process if a
// plugin hangs. Throws Error if the file is not a configuration at all.
[[nodiscard]] int check(const ConfigSource& source, const CheckAsked& asked);

// --print-config alone: prints the merged configuration and the values derived from it, to standard
// output. Tries the plugins; reads no other file than that of `source`. Throws Error that lists
// every fault of the settings.
void print_configuration(const ConfigSource& source);

}  // namespace electiond
