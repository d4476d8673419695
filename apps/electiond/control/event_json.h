// One change as clients see it: the name of its event and the object that is its data. GET /events
// and GET /history share it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "control/json.h"
#include "election/reason.h"
#include "node/journal.h"
#include "node/status.h"

namespace electiond {

// The moment at which something is shown, by both clocks, and what is known of the node then. Lives
// as long as the call.
struct Showing {
    const Status& status;
    Instant now{};
    std::chrono::system_clock::time_point wall{};
};

struct EventJson {
    std::string_view name;  // "leader", "no-leader", "state", "membership", "peer", "problem"
    JsonFields data;
};

// Pure functions: any thread. The keys are a contract (docs/interface.md §3).
[[nodiscard]] EventJson event_json(const Entry& entry, const Showing& showing);
// The state of this node at the moment of showing, which no entry of the journal tells; so it has
// no index.
[[nodiscard]] EventJson state_json(const Showing& showing, Reason reason);

// Wall time with milliseconds, as "2026-11-24T20:48:47.523Z".
[[nodiscard]] std::string utc(Instant at, const Showing& showing);

// The short id of a leader, or its uuid if the id is unknown.
[[nodiscard]] Json shown_name(const KnownLeader& leader);
// Null if nothing is known.
[[nodiscard]] Json shown_name(const std::optional<NodeId>& id);

}  // namespace electiond
