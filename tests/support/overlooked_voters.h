// Compares a leader with one that looks at all nodes at every step, as change_voters() need not.
#pragma once

#include <tuple>

#include "election/election.h"

namespace electiond {

// New settings that are the old ones.
[[nodiscard]] inline PolicyChange unchanged(const Policy& policy) {
    return {.priority = policy.priority,
            .max_voters = policy.max_voters,
            .heartbeat = policy.timing.heartbeat,
            .election_spread = policy.timing.election_spread,
            .request_timeout = policy.timing.request_timeout,
            .stable_after = policy.timing.stable_after,
            .dead_after = policy.timing.dead_after};
}

// True if the rules of section 8 ask for a change of the voters now that this leader does not see:
// new settings make it look, whatever they are.
[[nodiscard]] inline bool overlooks_a_change_of_voters(const Election& election, Instant now) {
    if (!std::holds_alternative<Leading>(election.role())) return false;
    Election goes_on = election;
    Election looks = election;
    std::ignore = goes_on.step(now, Tick{});
    std::ignore = looks.step(now, unchanged(election.policy()));
    return goes_on.electorate() != looks.electorate();
}

}  // namespace electiond
