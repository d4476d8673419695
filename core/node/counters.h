// Counts what has happened since the start of the process, for /status and for metrics.
#pragma once

#include <atomic>
#include <cstdint>

namespace electiond {

// A number that only grows. Any thread. Relaxed: it orders no other memory access.
class Count {
  public:
    void add(std::uint64_t more = 1) noexcept { value_.fetch_add(more, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const noexcept {
        return value_.load(std::memory_order_relaxed);
    }

  private:
    std::atomic<std::uint64_t> value_{0};
};

// Written by the loop thread.
struct Counters {
    Count events;             // handled by the loop, deadlines included
    Count late_ns;            // sum of the delays of the loop after its deadlines
    Count campaigns;          // terms in which this node asked for votes
    Count votes_granted;      // to others
    Count votes_refused;      // likewise; pre-votes are not counted
    Count heartbeats_sent;    // to each node
    Count heartbeats_failed;  // of these: no answer, or one that is no valid reply
    Count writes;             // of the state file: two for each save
    Count write_ns;           // their total duration
};

}  // namespace electiond
