// Sends each event to all watchers of /events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>

#include <io/loop.h>
#include <io/stream.h>
#include <io/timer.h>

#include "control/counts.h"
#include "control/event_feed.h"

namespace electiond {

// Makes the text of each event once and sends it to all watchers, to a few in each turn of the
// loop, so that a thousand watchers do not delay other requests. I/O thread only. The board and the
// journal of `dependencies` must outlive it; it must outlive its watchers. Destroy it after
// Loop::stop().
class EventHub {
  public:
    // After this time without an event, each watcher gets a comment.
    static constexpr Milliseconds kSilence{15'000};
    // A watcher with more unsent bytes than this is dropped. The kernel's buffer holds about as
    // much again.
    static constexpr std::size_t kUnsentMax = std::size_t{64} * 1024;

    EventHub(io::Loop& loop, const ControlDependencies& dependencies, ApiCounts& counts,
             Milliseconds silence);
    EventHub(const EventHub&) = delete;
    EventHub& operator=(const EventHub&) = delete;

    // Sends new events to all watchers. Call it when EventFeed::news() is due.
    void send_news();

    // Sends nothing more. Destroy the watchers after this.
    void stop();

    [[nodiscard]] bool empty() const { return seats_.empty(); }

  private:
    struct Seat {
        io::Stream* stream;
        std::uint64_t next;  // number of the first text that is not sent to it yet
        std::size_t most;    // how many bytes may be unsent
    };

  public:
    // Makes `stream` a watcher until this is destroyed; `stream` must outlive it. First sends
    // `head` and the missed events or a reset (EventFeed::beginning). If the watcher is dropped,
    // receive() on the stream returns `broken`. If the constructor throws, nothing was sent.
    class Watcher {
      public:
        Watcher(EventHub& hub, io::Stream& stream, const std::string& head,
                const std::optional<std::string>& last_event_id);
        Watcher(const Watcher&) = delete;
        Watcher& operator=(const Watcher&) = delete;
        ~Watcher() { hub_.seats_.erase(seat_); }

      private:
        EventHub& hub_;
        std::list<Seat>::iterator seat_;
    };

  private:
    [[nodiscard]] std::uint64_t end() const { return first_ + texts_.size(); }
    void send_to_all(std::string text);
    void send_some();
    void send_to(Seat& seat);
    void send_soon();

    io::Loop& loop_;
    EventFeed feed_;
    ApiCounts& counts_;
    const Milliseconds silence_length_;
    io::Timer silence_;
    std::list<Seat> seats_;  // in the order of `next`, lowest first
    std::deque<std::string> texts_;
    std::uint64_t first_ = 0;  // the number of texts_.front()
    bool sending_ = false;     // send_some() will be called by the loop
    bool stopped_ = false;
};

}  // namespace electiond
