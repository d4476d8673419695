// Which nodes become voters, which are removed, and when.
#include "election/membership.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace electiond {
namespace {

constexpr std::uint32_t kShortStreak = 2;

bool odd(const LeadView& lead) { return lead.config.voters.size() % 2 == 1; }

// Not banned, wants a vote, holds the current configuration, has acked long enough: M1 without its
// rule about ids, because M5 has another one.
bool steady(const LeadView& lead, const Follower& follower) {
    const Timing& timing = lead.policy.timing;
    if (!follower.wants_vote || follower.leaving || lead.config.has(follower.uuid) ||
        lead.config.bans(follower.uuid) || !follower.acked ||
        lead.now - *follower.acked > timing.election_timeout ||
        follower.config != lead.config.number) {
        return false;
    }
    // Two acks in a row are enough if no stable group of voters is put at risk.
    const bool young =
        lead.config.voters.size() == 1 && lead.now - lead.led_since < timing.dead_after;
    return *follower.acked - follower.steady_since >= timing.stable_after ||
           ((!odd(lead) || young) && follower.streak >= kShortStreak);
}

// The followers that are ready; of two with the same id only the older one.
std::vector<const Follower*> ready_ones(const LeadView& lead) {
    std::map<NodeId, const Follower*> oldest;
    for (const auto& [uuid, follower] : lead.roster.all()) {
        if (!ready(lead, follower)) continue;
        auto& one = oldest[follower.id];
        if (!one || follower.noted < one->noted) one = &follower;
    }
    std::vector<const Follower*> found;
    for (const auto& [id, follower] : oldest) found.push_back(follower);
    return found;
}

Duration silence(const LeadView& lead, const NodeUuid& uuid) {
    const auto* follower = lead.roster.find(uuid);
    return follower ? lead.now - follower->heard() : Duration{0};
}

ConfigStep promote(const LeadView& lead, const Follower& follower, Reason reason) {
    const Voter voter{follower.id, follower.uuid};
    return {lead.config.with(voter, lead.term), reason, voter};
}

ConfigStep drop(const LeadView& lead, const Voter& voter, Reason reason) {
    return {lead.config.without(voter.uuid, lead.term), reason, voter};
}

// §6.4: a node that leaves, or that an operator removes, is to be banned.
bool to_ban(const LeadView& lead, const Follower& follower) {
    const bool asked = std::ranges::find(lead.asked, follower.uuid) != lead.asked.end();
    return (asked || follower.leaving) && !lead.config.bans(follower.uuid);
}

// §6.4: a voter that wants no vote only loses its vote.
bool to_drop(const LeadView& lead, const Follower& follower) {
    return follower.acked && !follower.wants_vote && lead.config.has(follower.uuid);
}

bool going(const LeadView& lead, const Follower& follower) {
    return to_ban(lead, follower) || to_drop(lead, follower);
}

std::optional<ConfigStep> remove_or_drop(const LeadView& lead) {
    for (const auto& [uuid, follower] : lead.roster.all()) {
        // removable() last: it looks at all voters.
        if (!going(lead, follower)) continue;
        if (lead.config.has(uuid) && removable(lead, uuid) != Removable::yes) continue;
        const Voter node{follower.id, uuid};
        if (!to_ban(lead, follower)) return drop(lead, node, Reason::voter_removed);
        return ConfigStep{lead.config.banning(uuid, lead.term), Reason::voter_removed, node};
    }
    return std::nullopt;
}

// M5: of two voters with one id, drops the silent one; replaces a lost voter by the new node that
// has its id.
std::optional<ConfigStep> replace_lost(const LeadView& lead) {
    const Duration timeout = lead.policy.timing.election_timeout;
    for (const auto& voter : lead.config.voters) {
        if (voter.uuid == lead.self) continue;
        const bool doubled = std::ranges::count(lead.config.voters, voter.id, &Voter::id) > 1;
        if (doubled && silence(lead, voter.uuid) >= 2 * timeout) {
            return drop(lead, voter, Reason::voter_replaced);
        }
        for (const auto& [uuid, follower] : lead.roster.all()) {
            if (follower.id != voter.id || !steady(lead, follower) ||
                !lost(lead, voter, follower.moved_in)) {
                continue;
            }
            return odd(lead) ? drop(lead, voter, Reason::voter_replaced)
                             : promote(lead, follower, Reason::voter_replaced);
        }
    }
    return std::nullopt;
}

// M6: a dead voter is replaced, never only dropped. From an even number, M4 promotes first.
std::optional<ConfigStep> replace_dead(const LeadView& lead) {
    if (!odd(lead) || ready_ones(lead).empty()) return std::nullopt;
    for (const auto& voter : lead.config.voters) {
        if (voter.uuid != lead.self && silence(lead, voter.uuid) >= lead.policy.timing.dead_after) {
            return drop(lead, voter, Reason::voter_replaced);
        }
    }
    return std::nullopt;
}

// M1 and M4: from an odd number wait for two and promote one after the other; from an even number
// one is enough.
bool growth_is_due(const LeadView& lead, std::size_t ready) {
    const std::size_t needed = odd(lead) ? 2 : 1;
    const std::size_t most = lead.policy.max_voters - (lead.policy.max_voters % 2 == 0 ? 1 : 0);
    return ready >= needed && lead.config.voters.size() + needed <= most;
}

std::optional<ConfigStep> grow(const LeadView& lead) {
    const auto waiting = ready_ones(lead);
    if (!growth_is_due(lead, waiting.size())) return std::nullopt;
    return promote(lead, **std::ranges::min_element(waiting, {}, &Follower::noted),
                   Reason::voter_joined);
}

}  // namespace

bool ready(const LeadView& lead, const Follower& follower) {
    return steady(lead, follower) && !lead.config.find(follower.id);
}

bool growth_is_due(const LeadView& lead) { return growth_is_due(lead, ready_ones(lead).size()); }

Standing standing(const LeadView& lead, const Follower& follower) {
    if (going(lead, follower)) return Standing::going;
    if (steady(lead, follower)) return Standing::steady;
    const bool silent =  // for the shortest time that a rule asks about
        lead.now - follower.heard() >= 2 * Duration(lead.policy.timing.election_timeout);
    return silent && lead.config.has(follower.uuid) ? Standing::silent : Standing::none;
}

Instant next_look(const LeadView& lead) {
    Instant next = kNever;
    for (const auto& [uuid, follower] : lead.roster.all()) {
        // Any ack may let the rest keep its quorum (M7).
        if (going(lead, follower)) return lead.now;
    }
    for (const auto& voter : lead.config.voters) {
        const auto* follower = lead.roster.find(voter.uuid);
        if (!follower) continue;
        const Timing& timing = lead.policy.timing;
        for (const Duration age :
             {Duration(2 * timing.election_timeout), Duration(timing.dead_after)}) {
            const Instant due = follower->heard() + age;
            if (due > lead.now) next = std::min(next, due);
        }
    }
    return next;
}

std::optional<ConfigStep> next_step(const LeadView& lead) {
    for (const auto rule : {remove_or_drop, replace_lost, replace_dead, grow}) {
        if (auto step = rule(lead)) return step;
    }
    return std::nullopt;
}

Removable removable(const LeadView& lead, const NodeUuid& uuid, std::size_t promoted) {
    const Timing& timing = lead.policy.timing;
    std::size_t remaining = promoted;
    std::size_t heard = promoted;
    std::size_t perhaps = promoted;
    for (const auto& voter : lead.config.voters) {
        if (voter.uuid == uuid) continue;
        const auto younger = [&](Duration age) {
            return voter.uuid == lead.self || lead.roster.fresh(voter.uuid, lead.now, age);
        };
        ++remaining;
        heard += younger(2 * Duration(timing.heartbeat)) ? 1 : 0;
        perhaps += younger(timing.election_timeout) ? 1 : 0;
    }
    const std::size_t quorum = remaining / 2 + 1;
    if (remaining == 0 || perhaps < quorum) return Removable::no;
    return heard >= quorum ? Removable::yes : Removable::undecided;
}

bool lost(const LeadView& lead, const Voter& voter, bool moved_in) {
    if (voter.uuid == lead.self) return false;
    const Timing& timing = lead.policy.timing;
    return silence(lead, voter.uuid) >=
           (moved_in ? Duration(2 * timing.election_timeout) : Duration(timing.dead_after));
}

std::optional<Voter> eligible_standby(const LeadView& lead) {
    auto waiting = ready_ones(lead);
    std::erase_if(waiting, [](const Follower* follower) { return !follower->eligible; });
    if (waiting.empty()) return std::nullopt;
    const auto* best = *std::ranges::min_element(waiting, {}, [](const Follower* follower) {
        return std::tuple(follower->cooling, -follower->priority, follower->noted);
    });
    return Voter{best->id, best->uuid};
}

MemberRole member_role(const LeadView& lead, const Follower& follower, bool grows) {
    if (lead.config.has(follower.uuid)) return MemberRole::voter;
    // A node that is about to get a vote is no standby: a rolling restart has to wait for that
    // vote.
    return !grows && ready(lead, follower) ? MemberRole::standby : MemberRole::observer;
}

}  // namespace electiond
