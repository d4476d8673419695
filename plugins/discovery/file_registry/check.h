// What in files and folders would keep a registry from being written or read.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include <electiond/finding.h>

namespace electiond::discovery {

// Looks at the registry `file` (links resolved), its folder, its lock and the claim of `cluster`,
// as the effective user; reads, and changes nothing. All findings are about the key `path`. Throws
// Error (unavailable) if a stop is requested. Blocks for the file system. Any thread.
[[nodiscard]] std::vector<Finding> check_registry(const std::filesystem::path& file,
                                                  const std::string& cluster,
                                                  const std::stop_token& stop);

}  // namespace electiond::discovery
