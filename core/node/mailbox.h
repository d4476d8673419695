// The way in: a bounded queue of events, and the transports' Inbox.
#pragma once

#include <deque>
#include <mutex>
#include <optional>

#include <electiond/transport.h>

#include "node/event.h"

namespace electiond {

// post and deliver from any thread, never blocking; take_until by the loop thread alone.
// Drop rule: when full, the oldest waiting query goes first, then what is posted is refused.
// Requests that are dropped answer busy. What the node itself waits for (replies, commands) is
// never dropped.
class Mailbox : public Inbox {
  public:
    explicit Mailbox(std::size_t capacity = 4096);
    ~Mailbox() override;
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    void deliver(Request request, Respond respond) noexcept override;

    // False where it was refused because the queue is full or closed.
    bool post(Event event);

    // The oldest event; nothing when `deadline` (CLOCK_BOOTTIME, so it also passes during suspend)
    // has come, or when the mailbox was closed.
    [[nodiscard]] std::optional<Event> take_until(Instant deadline);

    // Wakes the taker for good and drops what waits; nothing is taken in any more.
    void close();
    [[nodiscard]] bool closed() const;

  private:
    mutable std::mutex mutex_;
    std::deque<Event> queue_;
    const std::size_t capacity_;
    bool closed_ = false;
    int wake_ = -1;   // eventfd
    int alarm_ = -1;  // timerfd on CLOCK_BOOTTIME
};

}  // namespace electiond
