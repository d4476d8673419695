// Reads CLOCK_BOOTTIME: only for the Loop and its Mailbox, and for API threads that check a
// lease.
#pragma once

#include <ctime>

#include "election/timing.h"

namespace electiond {

[[nodiscard]] inline Instant read_boot_clock() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return Instant(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace electiond
