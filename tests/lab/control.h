// The commands of a test to the library that intercepts system calls of a node: a page of shared
// memory.
#pragma once

#include <atomic>
#include <cstdint>

namespace electiond::lab {

// Names the file with the page, in the node's environment.
constexpr char kControl[] = "LAB_CONTROL";

struct Control {
    std::atomic<std::int64_t> wall_offset_ns;  // added to CLOCK_REALTIME, and to no other clock
    std::atomic<bool> sync_fails;              // fsync and fdatasync of the state file: EIO
    std::atomic<bool> write_fails;             // pwrite to it: EIO
    std::atomic<bool> registry_hangs;          // asking for a file in a folder `registry` waits …
    std::atomic<bool> names_hang;              // looking up the name of a host waits …
    std::atomic<int> waiting;                  // … as so many threads do now
    std::atomic<std::int64_t> sync_takes_ms;   // each fsync and fdatasync of it
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

}  // namespace electiond::lab
