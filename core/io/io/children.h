// The child processes that this process has now.
#pragma once

#include <sys/types.h>

#include <set>

namespace electiond::io {

// Includes orphans of its children, if this process is a subreaper (prctl(2)), and ended processes
// until they are waited for. Reads /proc; throws std::filesystem::filesystem_error if it is not
// there. Any thread.
[[nodiscard]] std::set<pid_t> children_now();

}  // namespace electiond::io
