// Makes the JSON of one change, for GET /events and GET /history: event name and data object.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "control/json.h"
#include "election/reason.h"
#include "node/journal.h"
#include "node/status.h"

namespace electiond {

// The time at which something is shown, by both clocks, and the status of the node at that time.
// Holds a reference: use it only within one call.
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
// The state of this node now. It has no index, because no entry of the journal belongs to it.
[[nodiscard]] EventJson state_json(const Showing& showing, Reason reason);

// Wall time with milliseconds, as "2026-11-24T20:48:47.523Z".
[[nodiscard]] std::string utc(Instant at, const Showing& showing);

// The short id of a leader, or its uuid if the id is unknown.
[[nodiscard]] Json shown_name(const KnownLeader& leader);
// null if the id is unknown.
[[nodiscard]] Json shown_name(const std::optional<NodeId>& id);

}  // namespace electiond
