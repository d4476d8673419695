// How often things have happened since the start of the process: /status shows it, metrics will.
#pragma once

#include <atomic>
#include <cstdint>

namespace electiond {

// A number that only grows. Any thread; nothing is ordered by it.
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
    Count events;             // that the loop has worked on, deadlines included
    Count late_ns;            // by how much it was late for its deadlines, in all
    Count campaigns;          // terms in which this node has asked for votes
    Count votes_granted;      // to others
    Count votes_refused;      // likewise; pre-votes are not counted
    Count heartbeats_sent;    // to each node
    Count heartbeats_failed;  // of these: without an answer, or with one that is no answer
    Count writes;             // of the state file: two for each save
    Count write_ns;           // what they took, in all
};

}  // namespace electiond
