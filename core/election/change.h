// What an observer may know: each kind of change as a type of its own, with its reason code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

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

    bool operator==(const LeaderGained&) const = default;
};

// Nobody is known to lead any more; `leader` did.
struct LeaderLost {
    KnownLeader leader{};
    Term term = 0;  // ours now
    Reason reason = Reason::none;

    bool operator==(const LeaderLost&) const = default;
};

// Our own state.
struct StateChanged {
    State state = State::follower;
    Term term = 0;
    Reason reason = Reason::none;

    bool operator==(const StateChanged&) const = default;
};

// The voters changed: `voter` came, or went.
struct VotersChanged {
    Voter voter{};
    bool came = false;
    ConfigNumber config{};
    std::size_t voters = 0;  // in that configuration
    std::size_t quorum = 0;
    Reason reason = Reason::none;

    bool operator==(const VotersChanged&) const = default;
};

// The leader has noted a node as observer.
struct PeerNoted {
    NodeId id{};
    NodeUuid uuid{};
    Term term = 0;

    bool operator==(const PeerNoted&) const = default;
};

// Something for the operator, in one sentence.
struct Report {
    Reason reason = Reason::none;
    Term term = 0;
    NodeId subject{};
    std::string detail{};

    bool operator==(const Report&) const = default;
};

// A voter that does not answer this node. Node adds the cause, if it knows it, before it is told.
struct SilentVoter {
    Voter voter{};
    std::string why{};

    bool operator==(const SilentVoter&) const = default;
};

// On the leader: a voter has acked no heartbeat for an election timeout. Told at most once a minute
// for each voter.
struct VoterSilent {
    static constexpr Reason reason = Reason::voter_silent;
    SilentVoter who{};
    Term term = 0;
    Duration away{};            // since it was last heard
    std::size_t answering = 0;  // voters that still answer, the leader among them …
    std::size_t voters = 0;     // … of so many
    std::size_t can_lose = 0;   // how many more of these: see can_lose()
    std::uint64_t untold = 0;   // how often it fell silent since this was last told

    bool operator==(const VoterSilent&) const = default;
};

// On the leader: a voter whose silence was told acks again.
struct VoterBack {
    static constexpr Reason reason = Reason::voter_back;
    Voter voter{};
    Term term = 0;
    Duration away{};

    bool operator==(const VoterBack&) const = default;
};

// On a voter that knows no leader: fewer voters answer it than a quorum needs. Told once in an
// outage, then at most once a minute.
struct QuorumMissing {
    static constexpr Reason reason = Reason::quorum_missing;
    Term term = 0;
    std::size_t quorum = 0;
    std::vector<Voter> answering{};  // itself among them; all by id
    std::vector<SilentVoter> silent{};

    bool operator==(const QuorumMissing&) const = default;
};

// Why a voter that answers may not lead (E1, E2).
enum class Bar { priority, wants_no_vote, unhealthy, stopping, leaving, cooling, not_eligible };

// "priority 0", "it wants no vote", …: for people.
[[nodiscard]] std::string_view to_string(Bar bar);

struct BarredVoter {
    Voter voter{};
    Bar bar = Bar::not_eligible;

    bool operator==(const BarredVoter&) const = default;
};

// On a voter that knows no leader: a quorum answers, but none of it may lead. Told like
// QuorumMissing.
struct NobodyMayLead {
    static constexpr Reason reason = Reason::nobody_may_lead;
    Term term = 0;
    std::vector<BarredVoter> answering{};
    std::vector<SilentVoter> silent{};

    bool operator==(const NobodyMayLead&) const = default;
};

// On a blank node that is to found a cluster (bootstrap: all): it still waits for a founder. Told
// after five election timeouts, then at most once a minute.
struct FounderAwaited {
    static constexpr Reason reason = Reason::founder_awaited;
    NodeId id{};               // empty if only the number of founders is configured
    std::string why{};         // Node adds it where the election has no cause
    std::size_t heard = 0;     // founders that are heard, this node among them …
    std::size_t founders = 0;  // … of so many

    bool operator==(const FounderAwaited&) const = default;
};

using Change =
    std::variant<LeaderGained, LeaderLost, StateChanged, VotersChanged, PeerNoted, Report,
                 VoterSilent, VoterBack, QuorumMissing, NobodyMayLead, FounderAwaited>;

[[nodiscard]] inline Reason reason_of(const Change& change) {
    return std::visit(
        [](const auto& each) {
            if constexpr (requires { each.reason; }) return each.reason;
            return Reason::none;
        },
        change);
}

}  // namespace electiond
