// Which nodes become voters, which are removed, and when: the leader's next step (§6.4, §8).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "election/policy.h"
#include "election/reason.h"
#include "election/roster.h"

namespace electiond {

// One change of the configuration: one voter more or one less (K2), with the reason to show.
struct ConfigStep {
    Electorate next{};
    Reason reason = Reason::none;
    Voter subject{};
};

// What the rules of section 8 depend on. The references are borrowed for the call.
struct LeadView {
    const Electorate& config;
    const Roster& roster;
    const Policy& policy;
    const NodeUuid& self;
    Term term = 0;
    Instant led_since{};
    Instant now{};
    std::vector<NodeUuid> asked{};  // an operator asked to remove these
};

// M1: wants a vote, is not banned, has no voter's id, holds the current configuration, and has
// acked long enough without a gap.
[[nodiscard]] bool ready(const LeadView& lead, const Follower& follower);

// The step that is due now, the first one in the order of M7; nullopt if none is due. The caller
// has checked K2: a quorum holds the current configuration.
[[nodiscard]] std::optional<ConfigStep> next_step(const LeadView& lead);

// All that next_step() asks about one node. An ack that does not change it makes no step due.
enum class Standing {
    none,
    steady,  // M1, M5: may become a voter
    going,   // §6.4: is to be banned, or wants its vote no more
    silent,  // M5, M6: a voter that may be replaced soon
};
[[nodiscard]] Standing standing(const LeadView& lead, const Follower& follower);

// If next_step() has returned nullopt: it does so until this instant, whatever acks arrive, if no
// ack changes the standing of its sender and nothing else changes.
[[nodiscard]] Instant next_look(const LeadView& lead);

// M7: may a voter be removed? `yes`: the remaining voters that are heard now (an ack younger than
// 2 H) are a quorum of all that remain. `undecided`: only together with voters whose newest ack is
// younger than E; one of these may have just died, and its next ack, or the lack of it, decides.
enum class Removable { yes, undecided, no };

// M7 for the removal of `uuid`. `promoted`: how many standbys, all heard now, become voters first.
[[nodiscard]] Removable removable(const LeadView& lead, const NodeUuid& uuid,
                                  std::size_t promoted = 0);

// M5: may a node with this voter's id and another uuid replace it? `moved_in`: that node has the
// same address, so the old one cannot listen there any more.
[[nodiscard]] bool lost(const LeadView& lead, const Voter& voter, bool moved_in);

// E1: the standby to promote if no voter may lead; nullopt if there is none that may.
[[nodiscard]] std::optional<Voter> eligible_standby(const LeadView& lead);

// M2: the voter of higher priority that should lead instead; nullopt if there is none. waits(uuid)
// returns for how long that voter must have acked without a gap.
template <class Waits>
[[nodiscard]] std::optional<NodeUuid> takeover_target(const LeadView& lead, const Waits& waits) {
    const Follower* best = nullptr;
    for (const auto& voter : lead.config.voters) {
        const auto* follower = lead.roster.find(voter.uuid);
        if (!follower || !follower->acked || !follower->eligible || follower->cooling ||
            follower->leaving || follower->priority <= lead.policy.priority ||
            lead.now - *follower->acked > lead.policy.timing.election_timeout ||
            *follower->acked - follower->steady_since < waits(follower->uuid)) {
            continue;
        }
        if (!best || follower->priority > best->priority) best = follower;
    }
    if (!best) return std::nullopt;
    return best->uuid;
}

// M1 and M4: are there enough nodes that are ready, and room for them?
[[nodiscard]] bool growth_is_due(const LeadView& lead);

// Voter, standby (M3: ready, but M1 and M4 do not promote it yet) or observer. `grows` is
// growth_is_due(), the same for all nodes.
[[nodiscard]] MemberRole member_role(const LeadView& lead, const Follower& follower, bool grows);

}  // namespace electiond
