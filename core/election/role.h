// The four roles; each contains only the data that is valid in it.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "election/lease.h"
#include "election/roster.h"
#include "election/succession.h"
#include "election/tally.h"

namespace electiond {

// Follows a leader, or waits for one.
struct Following {};

// Asks whether it could win, without raising any term (thesis 9.6).
struct PreCandidate {
    Tally tally{};
};

// Has voted for itself in the current term, and asks the other voters for their votes.
struct Candidate {
    Tally tally{};
    bool transfer = false;  // the leader has asked it to campaign (T3)
    bool in_place = false;  // a leader re-elects itself (C4), and keeps its lease meanwhile
    Reason cause = Reason::none;
};

// A hand-over under way (§4.5).
struct HandOver {
    std::vector<std::uint64_t> tickets{};  // commands that wait for its end
    Reason cause = Reason::none;
    std::optional<NodeUuid> target{};
    std::optional<Voter> promote{};  // E1: a standby that must become a voter first
    bool to_standby = false;         // E1: the target is such a standby, and replaces this node
    Instant started{};
    bool draining = false;
    std::optional<Instant> granted_until{};  // known once the grant book is closed
    bool hooks_done = false;
    Instant drained_at{};  // when draining began
};

// A removal that an operator asked for.
struct Removal {
    NodeUuid uuid{};
    std::uint64_t ticket = 0;
    Instant until{};  // then it is refused, if it would still lose the quorum (M7)
    std::optional<Instant> undecided{};  // M7: until then it waits for missing acks
    bool dry_run = false;                // it ends with the decision, and changes nothing
};

// Leads the current term; visible only while it holds a lease.
struct Leading {
    Instant won{};
    Rounds rounds{};
    Roster roster;
    Succession succession{};
    std::vector<Member> shown{};  // the members as the view shows them, without ages
    std::uint64_t view = 0;       // of `succession` and `shown`; the first round makes it 1
    std::optional<HandOver> hand_over{};
    Instant next_round{};
    Instant next_look{};  // until then no change of the voters is due; see change_voters()
};

using Role = std::variant<Following, PreCandidate, Candidate, Leading>;

// After T2: this node no longer leads, and sends timeout-now to the target until a higher term has
// a leader.
struct Release {
    std::vector<std::uint64_t> tickets{};  // commands that wait for its end
    Reason cause = Reason::none;
    std::optional<NodeUuid> target{};
    Term term = 0;            // that this node led
    bool to_standby = false;  // E1: over only when this node is no voter any more
    Instant until{};
    Instant next_send{};
};

}  // namespace electiond
