// What an observer may know: each kind of change as a type of its own, with its reason code.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include <electiond/peer.h>

#include "election/electorate.h"
#include "election/leadership_state.h"
#include "election/reason.h"
#include "election/term.h"
#include "election/timing.h"

namespace electiond {

// Who leads, by its own lease or by a heartbeat that was accepted.
struct KnownLeader {
    NodeUuid uuid{};
    NodeId id{};
    FencingToken token = 0;

    bool operator==(const KnownLeader&) const = default;
};

// `leader` leads: another one than before, or the same under a new token.
struct LeaderGained {
    KnownLeader leader{};
    bool own = false;  // it is this node
    Reason reason = Reason::none;
    // When the leader before was last known to lead: by the last heartbeat that was accepted from
    // it, or until the end of our own lease. Nothing: there was none in this life of the process.
    std::optional<Instant> before_until{};
};

// Nobody is known to lead any more; `leader` did.
struct LeaderLost {
    KnownLeader leader{};
    Term term = 0;  // ours now
    Reason reason = Reason::none;
};

// Our own state.
struct StateChanged {
    State state = State::follower;
    Term term = 0;
    Reason reason = Reason::none;
};

// The voters changed: `voter` came, or went.
struct VotersChanged {
    Voter voter{};
    bool came = false;
    ConfigNumber config{};
    std::size_t voters = 0;  // in that configuration
    std::size_t quorum = 0;
    Reason reason = Reason::none;
};

// The leader has noted a node as observer.
struct PeerNoted {
    NodeId id{};
    NodeUuid uuid{};
    Term term = 0;
};

// Something for the operator, in one sentence.
struct Report {
    Reason reason = Reason::none;
    Term term = 0;
    NodeId subject{};
    std::string detail{};
};

using Change =
    std::variant<LeaderGained, LeaderLost, StateChanged, VotersChanged, PeerNoted, Report>;

[[nodiscard]] inline Reason reason_of(const Change& change) {
    return std::visit(
        [](const auto& each) {
            if constexpr (requires { each.reason; }) return each.reason;
            return Reason::none;
        },
        change);
}

}  // namespace electiond
