// Calls a function at a moment of the boot clock.
#include <io/boot_timer.h>

#include <io/descriptor.h>

// clang-format off
#include <boost/asio/posix/stream_descriptor.hpp>
// clang-format on

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

namespace electiond::io {
namespace {

using Moment = BootTimer::Moment;

Moment boot_now() {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

Descriptor open_clock() {
    Descriptor clock(::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!clock.open()) throw std::system_error(errno, std::generic_category(), "timerfd_create");
    return clock;
}

}  // namespace

// Shared with the handler that waits, which may run after the BootTimer is gone.
struct BootTimer::State : std::enable_shared_from_this<State> {
    State(Loop& loop, Task task) : clock(loop.context()), expired(std::move(task)) {
        auto opened = open_clock();
        clock.assign(opened.get());  // throws if the loop can't watch it
        number = opened.release();
    }

    void arm() {
        // A moment in the past expires at once; zero would disarm the timer.
        const auto when = std::max(due, Moment{1});
        const auto whole = std::chrono::floor<std::chrono::seconds>(when);
        itimerspec setting{};
        setting.it_value.tv_sec = whole.count();
        setting.it_value.tv_nsec = (when - whole).count();
        ::timerfd_settime(number, TFD_TIMER_ABSTIME, &setting, nullptr);
        armed = due;
        clock.cancel();  // calls the handler that has waited until now, with an error
        clock.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [state = shared_from_this(), turn = ++turns](const auto& error) {
                             if (!error && turn == state->turns) state->ring();
                         });
    }

    void ring() {
        armed = kNever;
        if (due == kNever) return;
        if (due > boot_now()) return arm();
        due = kNever;
        expired();
    }

    boost::asio::posix::stream_descriptor clock;
    int number = -1;  // of `clock`
    const Task expired;
    Moment due = kNever;    // as set by the caller
    Moment armed = kNever;  // as the kernel's timer is set: never later than `due`
    unsigned turns = 0;
};

BootTimer::BootTimer(Loop& loop, Task expired)
    : state_(std::make_shared<State>(loop, std::move(expired))) {}

BootTimer::~BootTimer() { cancel(); }

void BootTimer::set(Moment when) {
    state_->due = when;
    if (when < state_->armed) state_->arm();
}

void BootTimer::cancel() noexcept {
    state_->due = state_->armed = kNever;
    ++state_->turns;
    boost::system::error_code ignored;  // if it fails, no handler waits
    state_->clock.cancel(ignored);
}

}  // namespace electiond::io
