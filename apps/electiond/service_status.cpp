// The state of this node in one line, for a service manager.
#include "service_status.h"

#include <algorithm>

namespace electiond {
namespace {

std::string leader_in_words(const Status& status, Instant now) {
    const auto& leadership = status.leadership;
    if (leadership.draining) return "hands its leadership over";
    const auto leader = status.leader_at(now);
    switch (leadership.leader_at(now)) {
        case WhoLeads::self:
            return "leads";
        case WhoLeads::followed:
            return "follows node " + leader.value_or("?");
        case WhoLeads::hearsay:
            return "hears no leader; others report node " + leader.value_or("?");
        case WhoLeads::nobody:
            break;
    }
    return "knows no leader";
}

std::string role_in_words(const NodeView& view) {
    if (view.role == MemberRole::joining) return "not a member of a cluster yet";
    if (view.role == MemberRole::removed) return "removed from the cluster for good";
    return std::string(to_string(view.role)) + "; quorum " + std::to_string(view.quorum) + " of " +
           std::to_string(view.voters.size()) + (view.voters.size() == 1 ? " voter" : " voters");
}

}  // namespace

std::string service_status(const Status& status, Instant now) {
    const auto& view = *status.view;
    std::string text = leader_in_words(status, now) + ", term " + std::to_string(status.term) +
                       "; " + role_in_words(view);
    if (!view.problems.empty()) text += "; " + view.problems.front().detail;
    // The text may contain text from other nodes, and a line end would begin another message.
    std::ranges::replace_if(
        text, [](char c) { return c >= '\0' && c < ' '; }, ' ');
    return text;
}

}  // namespace electiond
