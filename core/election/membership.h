// Who may become a voter, and when: the leader's next step from one configuration to the next (§8).
#pragma once

#include <optional>
#include <string>

#include "election/policy.h"
#include "election/reason.h"
#include "election/roster.h"

namespace electiond {

// One step of K2, with its reason for people.
struct ConfigStep {
    Electorate next;
    Reason reason = Reason::none;
    Voter subject;
};

// What the rules of section 8 look at. References: borrowed for the call.
struct LeadView {
    const Electorate& config;
    const Roster& roster;
    const Policy& policy;
    NodeUuid self;
    Term term = 0;
    Instant led_since{};
    Instant now{};
};

// M1: wants a vote, is not banned, has no voter's id, holds the current configuration, and has
// acked long enough without a gap.
[[nodiscard]] bool ready(const LeadView& lead, const Follower& follower);

// The step that is due now, in the order of M7; nothing where the voters are as they should be. The
// caller has checked K2.
[[nodiscard]] std::optional<ConfigStep> next_step(const LeadView& lead);

// "voter", "standby" (M3) or "observer", for display.
[[nodiscard]] std::string member_role(const LeadView& lead, const Follower& follower);

}  // namespace electiond
