// Calls a function at a deadline.
#pragma once

#include <io/loop.h>

#include <memory>

namespace electiond::io {

// Used and destroyed on the loop's thread, or after Loop::stop(). Moving the deadline later costs
// nothing: the kernel's timer stays as it is and is set again when it expires, so moving a deadline
// with each message causes no wake-ups.
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
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace electiond::io
