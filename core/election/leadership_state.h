// Who leads now, as one node knows it: the one place where that is computed.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "election/term.h"
#include "election/timing.h"

namespace electiond {

// What a node shows of itself: `leader` exactly where it is a visible leader (protocol.md §2).
enum class State { follower, candidate, leader };

// FOLLOWER, CANDIDATE, LEADER, and the inverse; nothing where the text is none of them.
[[nodiscard]] std::string_view to_string(State state);
[[nodiscard]] std::optional<State> parse_state(std::string_view text);

// Whom a node knows to lead. The names stand beside it, with whoever gives it out.
enum class WhoLeads {
    nobody,
    self,
    followed,  // whose heartbeats it accepts
    hearsay,   // as others tell: to be shown, never to be followed (§2)
};

// Made by Election, carried by the status board. Times are the node's own boot clock: what is true
// "now" is computed by the reader, with the reader's own clock, so that a lease runs out even where
// the loop hangs. No member means anything by itself: ask the functions.
struct LeadershipState {
    bool in_office = false;  // leads, or re-elects itself in place
    bool draining = false;   // is in office, but hands over
    bool campaigns = false;  // shows CANDIDATE while it does not lead
    FencingToken token = 0;  // of its lease
    Instant lease_until = Instant::min();
    FencingToken followed_token = 0;          // of the lead that it follows
    Instant followed_until = Instant::min();  // the end of its promise to whom it follows
    Instant hearsay_until = Instant::min();   // until when what others tell is fresh

    bool operator==(const LeadershipState&) const = default;

    // Is the node a visible leader at `now`? One that drains is none.
    [[nodiscard]] bool leads_at(Instant now) const {
        return in_office && !draining && now < lease_until;
    }
    // Would it lead if its lease had not run out? While the loop turns this lasts for a moment.
    [[nodiscard]] bool lapsed_at(Instant now) const {
        return in_office && !draining && now >= lease_until;
    }
    // Does it follow a live leader, as it heard itself?
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
    // The fencing token of a visible leader; 0 where this node does not lead.
    [[nodiscard]] FencingToken token_at(Instant now) const { return leads_at(now) ? token : 0; }
    // How much longer its lease lasts, rounded down; 0 where this node does not lead.
    [[nodiscard]] Milliseconds lease_remaining(Instant now) const {
        return leads_at(now) ? std::chrono::floor<Milliseconds>(lease_until - now)
                             : Milliseconds{0};
    }
    // Until when it leads if nothing else happens; kNever where it does not lead at `now`.
    [[nodiscard]] Instant leads_until(Instant now) const {
        return leads_at(now) ? lease_until : kNever;
    }
};

}  // namespace electiond
