// The way of events to the loop: a bounded queue, and the Inbox of the transports.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include <electiond/transport.h>

#include "node/event.h"

namespace electiond {

// post and deliver: any thread, never block; take_until: the loop thread only.
// Drop rule: if the queue is full, a new election request replaces the oldest waiting query; if no
// query waits, and for a new query, the new request is refused. A request that is dropped or
// refused gets the response busy. Other events (replies, commands) are always accepted.
// A heartbeat, or the response to one, that comes while the loop sleeps need not wake it: the
// thread that posts it handles it, while the loop stands still.
class Mailbox : public Inbox {
  public:
    explicit Mailbox(std::size_t capacity = 4096);
    ~Mailbox() override;
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    void deliver(Request request, Respond respond) noexcept override;

    // False if the event was refused, because the queue is full or closed.
    bool post(Event&& event);

    // Handles an event on the thread that posts it. Returns the deadline that the loop has from now
    // on; if that has passed, the loop is the next to do anything. nullopt if the event was left as
    // it is, because only the loop can handle it. Must not throw, and must not block.
    using Handler = std::function<std::optional<Instant>(Event&)>;

    // Waits for the oldest event. nullopt when the deadline has passed (by CLOCK_BOOTTIME, which
    // goes on during a suspend), or when the mailbox was closed. While the loop waits here,
    // `handler` may be called by other threads, by one at a time, and never after the return.
    [[nodiscard]] std::optional<Event> take_until(Instant deadline, const Handler& handler = {});

    // Closes the queue: drops the pending events, take_until() returns nullopt, post() false.
    void close();
    [[nodiscard]] bool closed() const;

  private:
    void wait(std::unique_lock<std::mutex>& lock);
    [[nodiscard]] bool handled_here(std::unique_lock<std::mutex>& lock, Event& event);
    void put_off_alarm(Instant now);
    void set_alarm();
    void wake_up() const;

    mutable std::mutex mutex_;
    std::deque<Event> queue_;
    const std::size_t capacity_;
    bool closed_ = false;
    bool asleep_ = false;   // the loop waits, or is about to: the next event must wake it
    bool stirs_ = false;    // the loop has woken, and wants to go on
    bool handles_ = false;  // another thread handles an event: the loop must not go on
    std::condition_variable handled_;
    Instant deadline_ = kNever;
    const Handler* handler_ = nullptr;

    // Both descriptors are edge-triggered in the epoll, so nobody needs to read them.
    int wake_ = -1;           // eventfd
    int alarm_ = -1;          // timerfd on CLOCK_BOOTTIME
    int either_ = -1;         // epoll
    Instant armed_ = kNever;  // when the alarm rings: never later than the deadline
};

}  // namespace electiond
