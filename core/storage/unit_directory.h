// The directories that a systemd unit keeps for its node's state.
#pragma once

#include <filesystem>
#include <string>

namespace electiond {

// If systemd runs this process with StateDirectory= and `folder` lies outside of those directories:
// "this unit's directory is /var/lib/electiond-three: set node.data_dir to it". Most often the
// configuration of another instance was copied, and two nodes must not share a directory, so no
// remedy here makes `folder` writable for this unit. Else empty. `error` is the errno with which
// the use of `folder` failed. Reads the environment; changes nothing. Blocks for the file system.
[[nodiscard]] std::string unit_directory_remedy(const std::filesystem::path& folder, int error);

}  // namespace electiond
