// Finds the daemon that runs on a data directory.
#pragma once

#include <filesystem>
#include <optional>

#include <sys/types.h>

namespace electiond {

// The process that holds the lock of the data directory. Reads the kernel's list of locks; takes no
// lock itself, because that could make a starting daemon fail. nullopt if there is no such process,
// or if it is not visible. Any thread.
[[nodiscard]] std::optional<pid_t> daemon_on(const std::filesystem::path& data_dir);

}  // namespace electiond
