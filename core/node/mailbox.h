// The queue of events into the loop: bounded, and the Inbox of the transports.
#pragma once

#include <deque>
#include <mutex>
#include <optional>

#include <electiond/transport.h>

#include "node/event.h"

namespace electiond {

// post and deliver: any thread, never block; take_until: the loop thread only.
// Drop rule: if the queue is full, a new election request replaces the oldest waiting query; if no
// query waits, and for a new query, the new request is refused. A request that is dropped or
// refused gets the response busy. Other events (replies, commands) are always accepted.
class Mailbox : public Inbox {
  public:
    explicit Mailbox(std::size_t capacity = 4096);
    ~Mailbox() override;
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    void deliver(Request request, Respond respond) noexcept override;

    // False if the event was refused, because the queue is full or closed.
    bool post(Event event);

    // Waits for the oldest event. nullopt when `deadline` has passed (by CLOCK_BOOTTIME, which goes
    // on during a suspend), or when the mailbox was closed.
    [[nodiscard]] std::optional<Event> take_until(Instant deadline);

    // Closes the queue: drops the pending events, take_until() returns nullopt, post() false.
    void close();
    [[nodiscard]] bool closed() const;

  private:
    [[nodiscard]] bool alarm_rings();
    void set_alarm(Instant deadline);
    void wake_up() const;

    mutable std::mutex mutex_;
    std::deque<Event> queue_;
    const std::size_t capacity_;
    bool closed_ = false;
    bool asleep_ = false;  // the loop waits, or is about to: the next event must wake it

    // Both descriptors are edge-triggered in the epoll, so nobody needs to read them.
    int wake_ = -1;           // eventfd
    int alarm_ = -1;          // timerfd on CLOCK_BOOTTIME
    int either_ = -1;         // epoll
    Instant armed_ = kNever;  // when the alarm rings: never later than the deadline
};

}  // namespace electiond
