// Calls a function at a deadline.
#include <io/timer.h>

#include <utility>

namespace electiond::io {

Timer::Timer(Loop& loop, Task expired)
    : all_(loop.timers()), entry_(std::make_shared<Timers::Entry>(std::move(expired))) {}

Timer::~Timer() { cancel(); }

void Timer::set(Deadline when) { all_.set(entry_, when); }

void Timer::cancel() noexcept { all_.cancel(*entry_); }

}  // namespace electiond::io
