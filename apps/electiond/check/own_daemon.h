// The daemon that runs on a data directory, if one does.
#pragma once

#include <filesystem>
#include <optional>

#include <sys/types.h>

namespace electiond {

// The process that holds the lock of the data directory. Asks the kernel's list of locks, and takes
// no lock itself, which a daemon that starts could meet. nullopt if there is none, or if it cannot
// be seen. Any thread.
[[nodiscard]] std::optional<pid_t> daemon_on(const std::filesystem::path& data_dir);

}  // namespace electiond
