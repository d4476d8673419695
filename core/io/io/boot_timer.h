// Calls a function at a moment of the boot clock, which goes on while the machine is suspended.
#pragma once

#include <io/loop.h>

#include <chrono>
#include <memory>

namespace electiond::io {

// For moments that are given by CLOCK_BOOTTIME, such as the end of a lease: a Timer goes by
// CLOCK_MONOTONIC, so after a suspend it would be late by the length of the suspend.
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

    // From now on `when` is the deadline; kNever: there is none. `expired` is called once for it,
    // never before it. Moving the deadline later costs nothing, as with Timer.
    void set(Moment when);
    // `expired` is not called after this returns. The loop can't end before it, if a deadline is
    // set.
    void cancel() noexcept;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace electiond::io
