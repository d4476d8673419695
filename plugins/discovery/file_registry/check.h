// Checks files and folders for faults that prevent writing or reading a registry.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include <electiond/finding.h>

namespace electiond::discovery {

// Checks the registry `file` (links resolved), its folder, its lock and the claim of `cluster`, as
// the effective user. Only reads. All findings are about the key `path`. Throws Error (unavailable)
// if a stop is requested. Blocks for the file system. Any thread.
[[nodiscard]] std::vector<Finding> check_registry(const std::filesystem::path& file,
                                                  const std::string& cluster,
                                                  const std::stop_token& stop);

}  // namespace electiond::discovery
