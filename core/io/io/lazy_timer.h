// What Timer and BootTimer share: moving the deadline later leaves the kernel's timer as it is.
#pragma once

#include <io/loop.h>

#include <memory>
#include <utility>

namespace electiond::io {

// Only for timer.cpp and boot_timer.cpp. Shared with the handler that waits, which may run after
// the timer is gone. `Source` is made of a Loop and has:
//
//   Moment, kNever, now()
//   void wait(Moment, Handler)   calls the handler at that moment, or with an error if it is
//                                cancelled or replaced by another wait before
//   void cancel() noexcept
template <class Source>
class LazyTimer : public std::enable_shared_from_this<LazyTimer<Source>> {
  public:
    using Moment = typename Source::Moment;

    LazyTimer(Loop& loop, Task expired) : source_(loop), expired_(std::move(expired)) {}

    void set(Moment when) {
        due_ = when;
        if (when < armed_) arm();
    }
    void cancel() noexcept {
        due_ = armed_ = Source::kNever;
        ++turns_;
        source_.cancel();
    }

  private:
    void arm() {
        armed_ = due_;
        source_.wait(due_, [self = this->shared_from_this(), turn = ++turns_](const auto& error) {
            if (!error && turn == self->turns_) self->ring();
        });
    }

    void ring() {
        armed_ = Source::kNever;
        if (due_ == Source::kNever) return;
        if (due_ > Source::now()) return arm();
        due_ = Source::kNever;
        expired_();
    }

    Source source_;
    const Task expired_;
    Moment due_ = Source::kNever;    // as set by the caller
    Moment armed_ = Source::kNever;  // as the kernel's timer is set: never later than `due_`
    unsigned turns_ = 0;
};

}  // namespace electiond::io
