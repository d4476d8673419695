// Promise and lease: who may not be replaced until when, and who may lead until when (§4).
#pragma once

#include <algorithm>
#include <deque>
#include <optional>

#include "election/electorate.h"
#include "election/term.h"
#include "election/timing.h"

namespace electiond {

// What this node promised: to elect nobody but `to` before `until`. An empty `to` is everyone: a
// restarted node no longer knows whom it promised what.
struct Promise {
    NodeUuid to{};
    Instant until{};

    [[nodiscard]] bool binds(Instant now, const NodeUuid& candidate) const {
        return now < until && to != candidate;
    }

    // H2, L3: a new promise replaces that to another, but is never shortened for the one who has
    // it.
    void give(const NodeUuid& leader, Instant end) {
        until = (to == leader || to.empty()) ? std::max(until, end) : end;
        to = leader;
    }
};

// What the promises of a quorum are worth to their leader. `term` is the fencing token.
struct Lease {
    Term term = 0;
    Instant until{};
};

// The newest heartbeat rounds of one lead: when was seq sent?
class Rounds {
  public:
    // Opens round seq at `now`, the time before its first message is handed to the transport.
    std::uint64_t open(Instant now) {
        sent_.push_back(now);
        if (sent_.size() > kKept) sent_.pop_front();
        return ++newest_;
    }
    [[nodiscard]] std::uint64_t newest() const { return newest_; }

    // Nothing where this seq was never sent in this lead, or so long ago that it is worth nothing.
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
