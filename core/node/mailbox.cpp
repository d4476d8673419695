// The way of events to the loop.
#include "node/mailbox.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "node/clock.h"

namespace electiond {
namespace {

bool is_query(const Event& event) {
    const auto* arrived = std::get_if<RequestArrived>(&event);
    return arrived && arrived->request.lane == Lane::query;
}

// A heartbeat, or the outcome of one.
bool is_of_heartbeat(const Event& event) {
    const auto* arrived = std::get_if<RequestArrived>(&event);
    const auto* replied = std::get_if<ReplyArrived>(&event);
    return (arrived && arrived->request.name == "heartbeat") ||
           (replied && replied->name == "heartbeat");
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

bool Mailbox::post(Event&& event) {
    std::optional<Event> dropped;  // its Respond runs outside the lock
    bool asleep = false;
    {
        std::unique_lock lock(mutex_);
        const bool may_handle = asleep_ && handler_ && !closed_ && is_of_heartbeat(event);
        if (may_handle && handled_here(lock, event)) return true;
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

// Events that come meanwhile wait in the queue, since the loop counts as awake. False: the event
// must go to the queue, or the mailbox was closed.
bool Mailbox::handled_here(std::unique_lock<std::mutex>& lock, Event& event) {
    asleep_ = false;
    handles_ = true;
    lock.unlock();
    const auto deadline = (*handler_)(event);
    lock.lock();
    handles_ = false;
    if (deadline) deadline_ = *deadline;
    const Instant now = read_boot_clock();
    if (stirs_) {
        handled_.notify_one();
    } else if (!queue_.empty() || deadline_ <= now) {
        wake_up();  // from now on no other thread handles anything
    } else {
        put_off_alarm(now);
        set_alarm();
        asleep_ = true;
    }
    return deadline.has_value();
}

std::optional<Event> Mailbox::take_until(Instant deadline, const Handler& handler) {
    std::unique_lock lock(mutex_);
    deadline_ = deadline;
    handler_ = handler ? &handler : nullptr;
    for (bool has_slept = false;; has_slept = true) {
        if (closed_) return std::nullopt;
        if (!queue_.empty()) {
            Event event = std::move(queue_.front());
            queue_.pop_front();
            return event;
        }
        if (has_slept && read_boot_clock() >= deadline_) return std::nullopt;
        wait(lock);
    }
}

// Until there is something to do, or earlier. When it returns, no other thread handles an event.
void Mailbox::wait(std::unique_lock<std::mutex>& lock) {
    asleep_ = true;
    set_alarm();
    lock.unlock();
    epoll_event found[2];
    const int count = ::epoll_wait(either_, found, 2, -1);
    if (count < 0 && errno != EINTR) ENSURE(!"epoll_wait on two own descriptors");
    lock.lock();
    stirs_ = true;
    handled_.wait(lock, [this] { return !handles_; });
    stirs_ = false;
    asleep_ = false;
    const bool rang = std::any_of(found, found + std::max(count, 0),
                                  [this](const auto& each) { return each.data.fd == alarm_; });
    if (rang && armed_ <= read_boot_clock()) armed_ = kNever;
}

// While heartbeats move the deadline later, the alarm must not ring: to wake the loop costs far
// more than to set the alarm again, about twice in each election timeout.
void Mailbox::put_off_alarm(Instant now) {
    if (armed_ - now < (deadline_ - now) / 2) armed_ = kNever;
}

// A deadline that has moved later costs no system call: the alarm rings before it once, and is set
// again then, unless put_off_alarm() has set it before.
void Mailbox::set_alarm() {
    if (deadline_ >= armed_) return;
    const auto since_boot = std::max(deadline_.time_since_epoch(), Duration(1));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
    itimerspec at{};
    at.it_value.tv_sec = seconds.count();
    at.it_value.tv_nsec = (since_boot - seconds).count();
    ::timerfd_settime(alarm_, TFD_TIMER_ABSTIME, &at, nullptr);
    armed_ = deadline_;
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
