// Calls a function at a moment of the boot clock.
#include <io/boot_timer.h>

#include <io/descriptor.h>
#include <io/readiness.h>
#include <io/timespec.h>

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

namespace electiond::io {
namespace {

using Moment = BootTimer::Moment;

Descriptor open_timer() {
    Descriptor timer(::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!timer.open()) throw std::system_error(errno, std::generic_category(), "timerfd_create");
    return timer;
}

Moment read_clock() {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

// Shared with the call under way, which may destroy the BootTimer.
class BootTimer::State : public std::enable_shared_from_this<State> {
  public:
    State(Loop& loop, Task expired)
        : timer_(open_timer()),
          readiness_(loop.readiness(), timer_.get(), [this] { ring(); }),
          expired_(std::move(expired)) {}

    void set(Moment when) {
        due_ = when;
        if (when < armed_) arm();
    }

    void cancel() noexcept {
        due_ = armed_ = kNever;
        readiness_.call_off();
    }

  private:
    void arm() {
        // A moment in the past expires at once; zero would disarm the timer.
        const itimerspec setting{.it_interval = {},
                                 .it_value = timespec_of(std::max(due_, Moment{1}))};
        ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &setting, nullptr);
        armed_ = due_;
        readiness_.call(Readiness::For::reading);
    }

    void ring() {
        const auto self = shared_from_this();
        armed_ = kNever;
        if (due_ == kNever) return;
        if (due_ > read_clock()) return arm();
        due_ = kNever;
        expired_();
    }

    const Descriptor timer_;  // is not read: setting it again makes it unready
    Readiness::Socket readiness_;
    const Task expired_;
    Moment due_ = kNever;    // as set by the caller
    Moment armed_ = kNever;  // as the kernel's timer is set: never later than `due_`
};

BootTimer::BootTimer(Loop& loop, Task expired)
    : state_(std::make_shared<State>(loop, std::move(expired))) {}

BootTimer::~BootTimer() { cancel(); }

void BootTimer::set(Moment when) { state_->set(when); }

void BootTimer::cancel() noexcept { state_->cancel(); }

}  // namespace electiond::io
