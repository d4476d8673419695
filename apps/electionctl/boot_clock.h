// The clock by which a lead expires: the same as the daemon's, which also counts while the machine
// is suspended.
#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>

namespace electiond::ctl {

using Duration = std::chrono::nanoseconds;

// CLOCK_BOOTTIME. Code that makes decisions takes an Instant as a parameter instead of reading it.
struct BootClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;
    [[nodiscard]] static time_point now() {
        timespec time{};
        ::clock_gettime(CLOCK_BOOTTIME, &time);
        return time_point(std::chrono::seconds(time.tv_sec) +
                          std::chrono::nanoseconds(time.tv_nsec));
    }
};
using Instant = BootClock::time_point;

inline constexpr Instant kNever = Instant::max();

// How long a client may rely on a lease of `length` that a node has reported, although the node's
// clock may differ from ours: each rate is within 1 % of real time (protocol.md, A4 and G2).
[[nodiscard]] constexpr Duration less_drift(Duration length) {
    return Duration(length.count() / 1010 * 990);
}

}  // namespace electiond::ctl
