// Intercepts the disk operations of a plugin: records them, makes one fail, or kills the process at
// one.
#pragma once

#include <string>
#include <vector>

namespace electiond::bench::disk {

// The steps are fsync, link, rename and unlink; the process can die before or after each. They are
// replaced for the whole program, which must export its symbols (ENABLE_EXPORTS).

// The steps since the last call, as "fsync file", "fsync folder", "link", "rename", "unlink".
[[nodiscard]] std::vector<std::string> take_steps();

// This process kills itself (SIGKILL) at the `countdown`-th moment from now; 0: never.
void die_at(int countdown);

// The next fsync fails with EIO.
void fail_next_fsync();

}  // namespace electiond::bench::disk
