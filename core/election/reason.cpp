// The texts of the reason codes.
#include "election/reason.h"

#include <algorithm>
#include <array>
#include <utility>

namespace electiond {
namespace {

constexpr std::pair<Reason, std::string_view> kTexts[] = {
    {Reason::none, ""},
    {Reason::startup, "startup"},
    {Reason::election_timeout, "election_timeout"},
    {Reason::takeover, "takeover"},
    {Reason::step_down, "step_down"},
    {Reason::shutdown, "shutdown"},
    {Reason::lease_expired, "lease_expired"},
    {Reason::higher_term, "higher_term"},
    {Reason::re_elected_in_place, "re_elected_in_place"},
    {Reason::unhealthy, "unhealthy"},
    {Reason::removed, "removed"},
    {Reason::not_a_voter, "not_a_voter"},
    {Reason::recovered, "recovered"},
    {Reason::voter_joined, "voter_joined"},
    {Reason::voter_replaced, "voter_replaced"},
    {Reason::voter_removed, "voter_removed"},
    {Reason::promised, "promised"},
    {Reason::old_config, "old_config"},
    {Reason::old_term, "old_term"},
    {Reason::voted, "voted"},
    {Reason::no_cluster_id, "no_cluster_id"},
    {Reason::foreign_cluster, "foreign_cluster"},
    {Reason::id_in_use, "id_in_use"},
    {Reason::banned, "banned"},
    {Reason::wrong_identity, "wrong_identity"},
    {Reason::not_leader, "not_leader"},
    {Reason::malformed, "malformed"},
    {Reason::unknown_node, "unknown_node"},
    {Reason::draining, "draining"},
    {Reason::would_lose_quorum, "would_lose_quorum"},
    {Reason::not_eligible, "not_eligible"},
    {Reason::ambiguous_id, "ambiguous_id"},
    {Reason::duplicate_uuid, "duplicate_uuid"},
    {Reason::claim_conflict, "claim_conflict"},
    {Reason::claim_orphaned, "claim_orphaned"},
    {Reason::two_clusters, "two_clusters"},
    {Reason::founding_sets_differ, "founding_sets_differ"},
    {Reason::voter_silent, "voter_silent"},
    {Reason::voter_back, "voter_back"},
    {Reason::quorum_missing, "quorum_missing"},
    {Reason::nobody_may_lead, "nobody_may_lead"},
    {Reason::founder_awaited, "founder_awaited"},
};

}  // namespace

std::string_view to_string(Reason reason) {
    return std::ranges::find(kTexts, reason, &std::pair<Reason, std::string_view>::first)->second;
}

std::optional<Reason> parse_reason(std::string_view text) {
    const auto* at = std::ranges::find(kTexts, text, &std::pair<Reason, std::string_view>::second);
    if (at == std::end(kTexts)) return std::nullopt;
    return at->first;
}

}  // namespace electiond
