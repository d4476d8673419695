// Calls a function at a deadline.
#pragma once

#include <io/loop.h>

#include <memory>

namespace electiond::io {

// Used and destroyed on the loop's thread, or after Loop::stop(). Costs no descriptor and no system
// call. Moving the deadline later costs next to nothing, and the loop does not wake for the
// deadlines that were moved.
class Timer {
  public:
    Timer(Loop& loop, Task expired);
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer();

    // From now on `when` is the deadline; kNever: there is none. `expired` is called once for it.
    void set(Deadline when);
    // `expired` is not called after this returns. While a deadline is set, the loop does not end.
    void cancel() noexcept;

  private:
    Timers& all_;
    const std::shared_ptr<Timers::Entry> entry_;
};

}  // namespace electiond::io
