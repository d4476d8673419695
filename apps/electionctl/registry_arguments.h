// Reads and checks the command line after `electionctl registry`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "electionctl/arguments.h"

namespace electiond::ctl {

struct RegistryArguments {
    std::string verb{};  // list or prune; empty: help
    std::filesystem::path file{};
    std::string cluster{};             // empty: all
    std::vector<std::string> nodes{};  // of prune: ids and uuids; empty: the entries that expired
    bool dry_run = false;
    Output output = Output::table;
};

// `words` are those after `registry`. Throws UsageError.
[[nodiscard]] RegistryArguments parse_registry_arguments(const std::vector<std::string>& words);

}  // namespace electiond::ctl
