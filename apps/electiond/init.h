// electiond as PID 1 of a container: what the kernel expects of the first process.
#pragma once

#include <optional>

namespace electiond {

// Forks if this process is PID 1 of its PID namespace, else does nothing. Returns nullopt in the
// child, which continues as the daemon, and if it did not fork because this is not PID 1. In PID 1
// it returns when the daemon has ended: the exit code of the daemon, or 128 + the signal that ended
// it; 71 if the fork failed. Until then PID 1 forwards signals to the daemon, and reaps every
// process of the container whose parent has ended.
//
// There are two processes because the kernel treats PID 1 differently from all others: it drops
// signals that PID 1 does not handle, even SIGABRT of its own abort(), and makes PID 1 the parent
// of all orphans. If PID 1 ends, the kernel kills all other processes of the namespace, also the
// daemon.
//
// Call it before the first thread, and after block_signals(): then a signal that arrives early
// stays pending until the daemon takes it.
[[nodiscard]] std::optional<int> run_as_init();

}  // namespace electiond
