// Sends each event to all that watch /events.
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

// A text is written once and sent to all watchers, a few in each turn of the loop: a thousand
// watchers don't keep other requests waiting. I/O thread only. The board and the journal of `faces`
// must outlive it; it must outlive its watchers, and Loop::stop() must come before its end.
class EventHub {
  public:
    // After so long without an event each watcher is sent a comment.
    static constexpr Milliseconds kSilence{15'000};
    // A watcher that has more than this unsent is dropped. The kernel has taken about as much then.
    static constexpr std::size_t kUnsentMax = std::size_t{64} * 1024;

    EventHub(io::Loop& loop, const ControlFaces& faces, ApiCounts& counts, Milliseconds silence);
    EventHub(const EventHub&) = delete;
    EventHub& operator=(const EventHub&) = delete;

    // Sends what is new to all. When it is due: EventFeed::news.
    void tell_news();

    // Sends nothing more. Its watchers must go then.
    void stop();

    [[nodiscard]] bool empty() const { return seats_.empty(); }

  private:
    struct Seat {
        io::Stream* stream;
        std::uint64_t next;  // the number of the first text that it has not been sent
        std::size_t most;    // may be unsent
    };

  public:
    // One stream that watches until this is destroyed; `stream` must live as long. First it is sent
    // `head` and what it has missed, or a reset (EventFeed::beginning). Who reads the stream finds
    // it broken if it has been dropped. The constructor sends nothing if it throws.
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
    std::list<Seat> seats_;  // those that have been sent least come first
    std::deque<std::string> texts_;
    std::uint64_t first_ = 0;  // the number of texts_.front()
    bool sending_ = false;     // send_some() will be called by the loop
    bool stopped_ = false;
};

}  // namespace electiond
