// Ranked timers: in which order the voters should campaign when the leader falls silent (§9).
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "election/message.h"
#include "election/roster.h"

namespace electiond {

// R1: the order and step as the leader sees them now. Without copies of the uuids, because a leader
// asks at each round. Borrows `roster`.
class Ranking {
  public:
    Ranking(const Electorate& config, const NodeUuid& self, const Roster& roster,
            const Timing& timing, Instant now);

    [[nodiscard]] Succession succession() const;
    // differs(current, succession())
    [[nodiscard]] bool differs_from(const Succession& current) const;

  private:
    std::vector<const Follower*> voters_;
    Milliseconds step_{};
};

// True if `next` differs so much from `current` that a new view is due: the order in any way, or
// the step by more than half.
[[nodiscard]] bool differs(const Succession& current, const Succession& next);

// R2: the place of `uuid`, from 0; nullopt if it has none.
[[nodiscard]] std::optional<std::size_t> place_of(const Succession& succession,
                                                  const NodeUuid& uuid);

// The best target of a hand-over (§4.5): of the eligible voters heard within 2 H, those not cooling
// first, then by priority, then by newest ack. nullopt if there is none.
[[nodiscard]] std::optional<NodeUuid> best_target(const Electorate& config, const NodeUuid& self,
                                                  const Roster& roster, const Timing& timing,
                                                  Instant now);

}  // namespace electiond
