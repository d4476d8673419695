// Computes who leads now, as one node knows it. Nothing else in the program computes this.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "election/term.h"
#include "election/timing.h"

namespace electiond {

// The state that a node shows: `leader` if and only if it is a visible leader (protocol.md §2).
enum class State { follower, candidate, leader };

// FOLLOWER, CANDIDATE, LEADER, and the inverse; nullopt for any other text.
[[nodiscard]] std::string_view to_string(State state);
[[nodiscard]] std::optional<State> parse_state(std::string_view text);

// How a node knows the leader. Its id is not in here: see NodeView and KnownLeader.
enum class WhoLeads {
    nobody,
    self,
    followed,  // the node whose heartbeats it accepts
    hearsay,   // a node that others report: shown, never followed (§2)
};

// Election makes it, the status board carries it. Times are of the node's boot clock. Each reader
// passes the present time, so a lease runs out even if the loop hangs. The members mean nothing
// alone: use the functions.
struct LeadershipState {
    bool in_office = false;  // leads, or re-elects itself in place
    bool draining = false;   // in office, but handing over
    bool campaigns = false;  // shows CANDIDATE if it does not lead
    FencingToken token = 0;  // of its lease
    Instant lease_until = Instant::min();
    FencingToken followed_token = 0;          // of the leader that it follows
    Instant followed_until = Instant::min();  // end of its promise to that leader
    Instant hearsay_until = Instant::min();   // until when the report of others counts

    bool operator==(const LeadershipState&) const = default;

    // Is the node a visible leader at `now`? A draining leader is not.
    [[nodiscard]] bool leads_at(Instant now) const {
        return in_office && !draining && now < lease_until;
    }
    // Has its lease run out while it is still in office? True for a moment only, unless the loop
    // hangs.
    [[nodiscard]] bool lapsed_at(Instant now) const {
        return in_office && !draining && now >= lease_until;
    }
    // Does it follow a live leader, by heartbeats that it has received itself?
    [[nodiscard]] bool follows_at(Instant now) const { return !in_office && now < followed_until; }
    [[nodiscard]] WhoLeads leader_at(Instant now) const {
        if (leads_at(now)) return WhoLeads::self;
        if (follows_at(now)) return WhoLeads::followed;
        return now < hearsay_until ? WhoLeads::hearsay : WhoLeads::nobody;
    }
    [[nodiscard]] State state_at(Instant now) const {
        if (leads_at(now)) return State::leader;
        return campaigns ? State::candidate : State::follower;
    }
    // Its fencing token; 0 if it does not lead.
    [[nodiscard]] FencingToken token_at(Instant now) const { return leads_at(now) ? token : 0; }
    // What is left of its lease, rounded down; 0 if it does not lead.
    [[nodiscard]] Milliseconds lease_remaining(Instant now) const {
        return leads_at(now) ? std::chrono::floor<Milliseconds>(lease_until - now)
                             : Milliseconds{0};
    }
    // Until when it leads if nothing else happens; kNever if it does not lead at `now`.
    [[nodiscard]] Instant leads_until(Instant now) const {
        return leads_at(now) ? lease_until : kNever;
    }
};

}  // namespace electiond
