// Who may become a voter, and when.
#include "election/membership.h"

#include <algorithm>
#include <map>

namespace electiond {
namespace {

constexpr std::uint32_t kShortStreak = 2;

// M1: where nothing stable is put at risk, two acks in a row are enough.
bool two_acks_are_enough(const LeadView& lead) {
    const std::size_t voters = lead.config.voters.size();
    return voters % 2 == 0 ||
           (voters == 1 && lead.now - lead.led_since < lead.policy.timing.dead_after);
}

// M1 and M4: from an odd number wait for two and promote one after the other; from an even number
// one is enough.
std::optional<ConfigStep> grow(const LeadView& lead) {
    std::map<NodeId, const Follower*> waiting;  // of two with one id only the older may come in
    for (const auto& [uuid, follower] : lead.roster.all()) {
        if (!ready(lead, follower)) continue;
        auto& one = waiting[follower.id];
        if (!one || follower.noted < one->noted) one = &follower;
    }
    const std::size_t voters = lead.config.voters.size();
    const std::size_t needed = voters % 2 == 1 ? 2 : 1;
    const std::size_t most = lead.policy.max_voters - (lead.policy.max_voters % 2 == 0 ? 1 : 0);
    if (waiting.size() < needed || voters + needed > most) return std::nullopt;
    const auto* oldest = std::ranges::min_element(waiting, {}, [](const auto& entry) {
                             return entry.second->noted;
                         })->second;
    const Voter voter{oldest->id, oldest->uuid};
    return ConfigStep{lead.config.with(voter, lead.term), Reason::voter_joined, voter};
}

}  // namespace

bool ready(const LeadView& lead, const Follower& follower) {
    if (!follower.wants_vote || follower.leaving || lead.config.has(follower.uuid) ||
        lead.config.bans(follower.uuid) || lead.config.find(follower.id)) {
        return false;
    }
    const Timing& timing = lead.policy.timing;
    if (!follower.acked || lead.now - *follower.acked > timing.election_timeout ||
        follower.config != lead.config.number) {
        return false;
    }
    return *follower.acked - follower.steady_since >= timing.stable_after ||
           (two_acks_are_enough(lead) && follower.streak >= kShortStreak);
}

std::optional<ConfigStep> next_step(const LeadView& lead) { return grow(lead); }

std::string member_role(const LeadView& lead, const Follower& follower) {
    if (lead.config.has(follower.uuid)) return "voter";
    return ready(lead, follower) ? "standby" : "observer";
}

}  // namespace electiond
