// electiond as PID 1 of a container: what the kernel expects of the first process.
#pragma once

#include <optional>

namespace electiond {

// Forks, if this process is PID 1 of its PID namespace; else does nothing. Returns nothing in the
// process that goes on as the daemon, its child. In PID 1 it returns the exit code, once the daemon
// has ended: that of the daemon, or 128 + the signal that has ended it; 71 if the fork failed.
// Meanwhile PID 1 forwards signals to the daemon, and reaps every process of the container whose
// parent has ended.
//
// Two processes, because the kernel treats PID 1 in another way than all others: it drops signals
// that PID 1 does not handle, SIGABRT of its own abort() among them, and makes it the parent of all
// orphans. If PID 1 ends, the kernel kills all other processes of the namespace, the daemon too.
//
// Call it before the first thread, and after block_signals(): a signal that arrives before the
// daemon can take it then waits.
[[nodiscard]] std::optional<int> run_as_init();

}  // namespace electiond
