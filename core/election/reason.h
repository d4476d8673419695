// The one list of reason codes: history, events, logs, metrics and refusals all use it.
#pragma once

#include <optional>
#include <string_view>

namespace electiond {

enum class Reason {
    none,
    // changes of the leadership
    startup,
    election_timeout,
    takeover,
    step_down,
    shutdown,
    lease_expired,
    higher_term,
    re_elected_in_place,
    unhealthy,
    removed,
    not_a_voter,
    recovered,
    // changes of the voters
    voter_joined,
    voter_replaced,
    voter_removed,
    // refusals
    promised,
    old_config,
    old_term,
    voted,
    no_cluster_id,
    foreign_cluster,
    id_in_use,
    banned,
    wrong_identity,
    not_leader,
    malformed,
    unknown_node,
    draining,
    would_lose_quorum,
    not_eligible,
    ambiguous_id,
    // reports
    duplicate_uuid,
    claim_conflict,
    claim_orphaned,
    two_clusters,
    founding_sets_differ,
    // what stands in the way of a leader, or of its successor
    voter_silent,
    voter_back,
    quorum_missing,
    nobody_may_lead,
    founder_awaited,
};

// The code in texts and JSON: snake_case; "" for none.
[[nodiscard]] std::string_view to_string(Reason reason);

// The inverse; nullopt if the text is no code of this list.
[[nodiscard]] std::optional<Reason> parse_reason(std::string_view text);

}  // namespace electiond
