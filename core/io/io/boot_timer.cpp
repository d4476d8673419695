// Calls a function at a moment of the boot clock.
#include <io/boot_timer.h>

#include <io/descriptor.h>
#include <io/lazy_timer.h>

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

Descriptor open_timer() {
    Descriptor timer(::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!timer.open()) throw std::system_error(errno, std::generic_category(), "timerfd_create");
    return timer;
}

class BootClock {
  public:
    using Moment = BootTimer::Moment;
    static constexpr Moment kNever = BootTimer::kNever;
    static Moment now() {
        timespec time{};
        ::clock_gettime(CLOCK_BOOTTIME, &time);
        return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    }

    explicit BootClock(Loop& loop) : timer_(loop.context()) {
        auto opened = open_timer();
        timer_.assign(opened.get());  // throws if the loop can't watch it
        number_ = opened.release();
    }

    template <class Handler>
    void wait(Moment moment, Handler handler) {
        // A moment in the past expires at once; zero would disarm the timer.
        const auto when = std::max(moment, Moment{1});
        const auto whole = std::chrono::floor<std::chrono::seconds>(when);
        itimerspec setting{};
        setting.it_value.tv_sec = whole.count();
        setting.it_value.tv_nsec = (when - whole).count();
        ::timerfd_settime(number_, TFD_TIMER_ABSTIME, &setting, nullptr);
        timer_.cancel();  // calls the handler that has waited until now, with an error
        timer_.async_wait(boost::asio::posix::stream_descriptor::wait_read, std::move(handler));
    }
    void cancel() noexcept {
        boost::system::error_code ignored;  // if it fails, no handler waits
        timer_.cancel(ignored);
    }

  private:
    boost::asio::posix::stream_descriptor timer_;
    int number_ = -1;  // of `timer_`
};

}  // namespace

struct BootTimer::State : LazyTimer<BootClock> {
    using LazyTimer::LazyTimer;
};

BootTimer::BootTimer(Loop& loop, Task expired)
    : state_(std::make_shared<State>(loop, std::move(expired))) {}

BootTimer::~BootTimer() { cancel(); }

void BootTimer::set(Moment when) { state_->set(when); }

void BootTimer::cancel() noexcept { state_->cancel(); }

}  // namespace electiond::io
