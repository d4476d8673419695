// Calls a function at a deadline.
#include <io/lazy_timer.h>
#include <io/timer.h>

// clang-format off
#include <boost/asio/steady_timer.hpp>
// clang-format on

#include <utility>

namespace electiond::io {
namespace {

class SteadyClock {
  public:
    using Moment = Deadline;
    static constexpr Moment kNever = io::kNever;
    static Moment now() { return Clock::now(); }

    explicit SteadyClock(Loop& loop) : timer_(loop.context()) {}

    template <class Handler>
    void wait(Moment when, Handler handler) {
        timer_.expires_at(when);  // the handler that waited until now is called with an error
        timer_.async_wait(std::move(handler));
    }
    void cancel() noexcept { timer_.cancel(); }

  private:
    boost::asio::steady_timer timer_;
};

}  // namespace

struct Timer::State : LazyTimer<SteadyClock> {
    using LazyTimer::LazyTimer;
};

Timer::Timer(Loop& loop, Task expired)
    : state_(std::make_shared<State>(loop, std::move(expired))) {}

Timer::~Timer() { cancel(); }

void Timer::set(Deadline when) { state_->set(when); }

void Timer::cancel() noexcept { state_->cancel(); }

}  // namespace electiond::io
