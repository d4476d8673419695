// The clock of the event loop's deadlines.
#pragma once

#include <chrono>

namespace electiond::io {

// Deadlines of the loop are absolute, by the monotonic clock.
using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;
inline constexpr Deadline kNever = Deadline::max();

}  // namespace electiond::io
