// Calls a function at a moment of the boot clock, which goes on while the machine is suspended.
#pragma once

#include <io/loop.h>

#include <chrono>
#include <memory>

namespace electiond::io {

// For moments of CLOCK_BOOTTIME, such as the end of a lease. Timer uses CLOCK_MONOTONIC, so after a
// suspend it would be late by the length of the suspend.
// Used and destroyed on the loop's thread, or after Loop::stop(). Costs one descriptor.
class BootTimer {
  public:
    using Moment = std::chrono::nanoseconds;  // since the boot, by CLOCK_BOOTTIME
    static constexpr Moment kNever = Moment::max();

    // Throws std::system_error if no descriptor can be opened.
    BootTimer(Loop& loop, Task expired);
    BootTimer(const BootTimer&) = delete;
    BootTimer& operator=(const BootTimer&) = delete;
    ~BootTimer();

    // Sets the deadline; kNever: none. `expired` is called once for it, never before it. Moving
    // the deadline later costs no system call, as with Timer.
    void set(Moment when);
    // `expired` is not called after this returns. While a deadline is set, the loop does not end.
    void cancel() noexcept;

  private:
    class State;
    std::shared_ptr<State> state_;
};

}  // namespace electiond::io
