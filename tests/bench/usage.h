// What a process has used, and holds now, as /proc shows it.
#pragma once

#include <sys/types.h>

namespace electiond::cluster {

struct Usage {
    double processor_seconds = 0;  // of all its threads, ended ones included; user and system
    double resident_mb = 0;
    long descriptors = 0;
    // How often its living threads have gone to sleep by themselves, so that something had to wake
    // them. An ended thread takes its count with it.
    long wake_ups = 0;
};

// All zero if there is no such process.
[[nodiscard]] Usage usage_of(pid_t pid);

}  // namespace electiond::cluster
