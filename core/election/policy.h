// The settings of one node's part in the election. Fixed while the process runs, except for those
// in PolicyChange (step.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <electiond/peer.h>

#include "election/timing.h"

namespace electiond {

// How a blank node joins or founds a cluster (§6.1).
enum class Bootstrap { claim, all, join };

// Who leads if no voter is eligible (E1).
enum class WhenNoneEligible { nobody, stay };

struct Policy {
    Timing timing{};
    std::int64_t priority = 100;  // 0: votes, but never leads
    bool observer = false;        // wants no vote
    Bootstrap bootstrap = Bootstrap::claim;
    std::vector<NodeId> founders{};  // mode all: the listed ids …
    std::size_t expect = 0;          // … or how many
    std::size_t max_voters = 7;
    WhenNoneEligible when_none_eligible = WhenNoneEligible::nobody;
    bool has_stop_hooks = false;  // an on_follower hook is configured: hand-over waits for it
    Milliseconds hooks_timeout{0};
};

}  // namespace electiond
