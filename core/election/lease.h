// Promise and lease: until when a voter elects nobody else, and until when a leader may lead (§4).
#pragma once

#include <algorithm>
#include <deque>
#include <optional>

#include "election/electorate.h"
#include "election/term.h"
#include "election/timing.h"

namespace electiond {

// The promise of this node: before `until` it votes for no node but `to`. If `to` is empty, it
// votes for no node at all: after a restart it no longer knows which leader has its promise.
struct Promise {
    NodeUuid to{};
    Instant until{};

    [[nodiscard]] bool binds(Instant now, const NodeUuid& candidate) const {
        return now < until && to != candidate;
    }

    // H2, L3: a new promise replaces a promise to another leader. A promise to the same leader, or
    // to an unknown one, is never shortened.
    void give(const NodeUuid& leader, Instant end) {
        until = (to == leader || to.empty()) ? std::max(until, end) : end;
        to = leader;
    }
};

// What a leader holds by the promises of a quorum. `term` is the fencing token.
struct Lease {
    Term term = 0;
    Instant until{};
};

// When the newest heartbeat rounds of one lead were sent.
class Rounds {
  public:
    // Begins the next round and returns its seq. `now`: before its first message is sent.
    std::uint64_t open(Instant now) {
        sent_.push_back(now);
        if (sent_.size() > kKept) sent_.pop_front();
        return ++newest_;
    }
    [[nodiscard]] std::uint64_t newest() const { return newest_; }

    // nullopt if `seq` was not sent in this lead, or so long ago that its acks give no lease.
    [[nodiscard]] std::optional<Instant> sent(std::uint64_t seq) const {
        if (seq > newest_ || seq + sent_.size() <= newest_) return std::nullopt;
        return sent_[sent_.size() - 1 - static_cast<std::size_t>(newest_ - seq)];
    }

  private:
    static constexpr std::size_t kKept = 256;
    std::deque<Instant> sent_;
    std::uint64_t newest_ = 0;
};

}  // namespace electiond
