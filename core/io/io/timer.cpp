// Calls a function at a deadline.
#include <io/timer.h>

// clang-format off
#include <boost/asio/steady_timer.hpp>
// clang-format on

#include <utility>

namespace electiond::io {

// Shared with the handler that waits, which may run after the Timer is gone.
struct Timer::State : std::enable_shared_from_this<State> {
    State(Loop& loop, Task task) : clock(loop.context()), expired(std::move(task)) {}

    void arm() {
        armed = due;
        clock.expires_at(due);  // the handler that waited until now is called as aborted
        clock.async_wait([state = shared_from_this(), turn = ++turns](const auto& error) {
            if (!error && turn == state->turns) state->ring();
        });
    }

    void ring() {
        armed = kNever;
        if (due == kNever) return;
        if (due > Clock::now()) return arm();
        due = kNever;
        expired();
    }

    boost::asio::steady_timer clock;
    const Task expired;
    Deadline due = kNever;    // as the user wants it
    Deadline armed = kNever;  // as the kernel's timer is set: never later than `due`
    unsigned turns = 0;
};

Timer::Timer(Loop& loop, Task expired)
    : state_(std::make_shared<State>(loop, std::move(expired))) {}

Timer::~Timer() { cancel(); }

void Timer::set(Deadline when) {
    state_->due = when;
    if (when < state_->armed) state_->arm();
}

void Timer::cancel() noexcept {
    state_->due = state_->armed = kNever;
    ++state_->turns;
    state_->clock.cancel();
}

}  // namespace electiond::io
