// The queue of events into the loop.
#include "node/mailbox.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace electiond {
namespace {

bool is_query(const Event& event) {
    const auto* arrived = std::get_if<RequestArrived>(&event);
    return arrived && arrived->request.lane == Lane::query;
}

}  // namespace

Mailbox::Mailbox(std::size_t capacity)
    : capacity_(capacity),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      alarm_(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)) {
    if (wake_ < 0 || alarm_ < 0) {
        throw Error("cannot create an eventfd or timerfd: raise the limit of open files",
                    Error::os);
    }
}

Mailbox::~Mailbox() {
    ::close(wake_);
    ::close(alarm_);
}

void Mailbox::deliver(Request request, Respond respond) noexcept {
    post(RequestArrived{std::move(request), std::move(respond)});
}

bool Mailbox::post(Event event) {
    std::optional<Event> dropped;  // its Respond runs outside the lock
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return false;
        if (queue_.size() >= capacity_ && std::holds_alternative<RequestArrived>(event)) {
            const auto query = std::ranges::find_if(queue_, is_query);
            if (is_query(event) || query == queue_.end()) return false;
            dropped = std::move(*query);
            queue_.erase(query);
        }
        queue_.push_back(std::move(event));
    }
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);  // full means: it wakes anyway
    return true;
}

std::optional<Event> Mailbox::take_until(Instant deadline) {
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (closed_) return std::nullopt;
            if (!queue_.empty()) {
                Event event = std::move(queue_.front());
                queue_.pop_front();
                return event;
            }
        }
        const auto since_boot = std::max(deadline.time_since_epoch(), Duration(1));
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
        itimerspec at{};
        at.it_value.tv_sec = seconds.count();
        at.it_value.tv_nsec = (since_boot - seconds).count();
        if (deadline == kNever) at = {};  // disarmed
        ::timerfd_settime(alarm_, TFD_TIMER_ABSTIME, &at, nullptr);

        pollfd waits[] = {{wake_, POLLIN, 0}, {alarm_, POLLIN, 0}};
        if (::poll(waits, 2, -1) < 0 && errno != EINTR) ENSURE(!"poll on two own descriptors");
        std::uint64_t count = 0;
        if ((waits[0].revents & POLLIN) != 0) (void)!::read(wake_, &count, sizeof count);
        if ((waits[1].revents & POLLIN) != 0) {
            (void)!::read(alarm_, &count, sizeof count);
            const std::lock_guard lock(mutex_);
            if (queue_.empty()) return std::nullopt;
        }
    }
}

void Mailbox::close() {
    std::deque<Event> dropped;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        dropped.swap(queue_);
    }
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
}

bool Mailbox::closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
}

}  // namespace electiond
