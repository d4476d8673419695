// The queue of events into the loop.
#include "node/mailbox.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include <sys/epoll.h>
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
      alarm_(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)),
      either_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (const int each : {wake_, alarm_}) {
        epoll_event edge{.events = EPOLLIN | EPOLLET, .data = {.fd = each}};
        if (::epoll_ctl(either_, EPOLL_CTL_ADD, each, &edge) == 0) continue;
        throw Error("cannot create an eventfd, timerfd or epoll: raise the limit of open files",
                    Error::os);
    }
}

Mailbox::~Mailbox() {
    for (const int each : {wake_, alarm_, either_}) ::close(each);
}

void Mailbox::deliver(Request request, Respond respond) noexcept {
    post(RequestArrived{std::move(request), std::move(respond)});
}

bool Mailbox::post(Event event) {
    std::optional<Event> dropped;  // its Respond runs outside the lock
    bool asleep = false;
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
        asleep = std::exchange(asleep_, false);
    }
    if (asleep) wake_up();
    return true;
}

std::optional<Event> Mailbox::take_until(Instant deadline) {
    for (bool is_late = false;;) {
        {
            const std::lock_guard lock(mutex_);
            asleep_ = false;
            if (closed_) return std::nullopt;
            if (!queue_.empty()) {
                Event event = std::move(queue_.front());
                queue_.pop_front();
                return event;
            }
            if (is_late) return std::nullopt;
            asleep_ = true;
        }
        set_alarm(deadline);
        if (alarm_rings()) is_late = std::exchange(armed_, kNever) == deadline;
    }
}

// Waits for an event or the alarm. True: it was the alarm, perhaps both.
bool Mailbox::alarm_rings() {
    epoll_event found[2];
    const int count = ::epoll_wait(either_, found, 2, -1);
    if (count < 0 && errno != EINTR) ENSURE(!"epoll_wait on two own descriptors");
    return std::any_of(found, found + std::max(count, 0),
                       [this](const auto& each) { return each.data.fd == alarm_; });
}

// A deadline that has moved later costs no system call: the alarm rings before it once, and is set
// again then.
void Mailbox::set_alarm(Instant deadline) {
    if (deadline >= armed_) return;
    const auto since_boot = std::max(deadline.time_since_epoch(), Duration(1));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
    itimerspec at{};
    at.it_value.tv_sec = seconds.count();
    at.it_value.tv_nsec = (since_boot - seconds).count();
    ::timerfd_settime(alarm_, TFD_TIMER_ABSTIME, &at, nullptr);
    armed_ = deadline;
}

void Mailbox::wake_up() const {
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
}

void Mailbox::close() {
    std::deque<Event> dropped;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        dropped.swap(queue_);
    }
    wake_up();
}

bool Mailbox::closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
}

}  // namespace electiond
