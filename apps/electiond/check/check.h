// electiond --check: everything that can be known without starting.
#pragma once

#include <filesystem>

namespace electiond {

// What --check is asked to do beside looking.
struct CheckAsked {
    bool print = false;  // --print-config: the merged configuration, too
    bool probe = false;  // --probe: also try what only trying shows (probe.h), if nothing is wrong
};

// Reads the configuration `file` with all that it names, tries the plugins, and looks at folders,
// sockets and interfaces as the effective user. Every fault and warning becomes a line of standard
// error, the configuration goes to standard output. Makes, writes, locks and binds nothing. Returns
// 0, or 78 if there is a fault, or the code of the probe. Ends the process by itself if a plugin
// hangs. Throws Error if the file is no configuration at all.
[[nodiscard]] int check(const std::filesystem::path& file, const CheckAsked& asked);

// --print-config alone: prints the merged configuration and what follows from it, to standard
// output. The plugins are tried; no other file than `file` is looked at. Throws Error that lists
// every fault of the settings.
void print_configuration(const std::filesystem::path& file);

}  // namespace electiond
