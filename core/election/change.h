// The changes that the election publishes to observers: a type for each kind, with its reason code.
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

// The leader, as this node knows it: by its own lease or by a heartbeat that it accepted.
struct KnownLeader {
    NodeUuid uuid{};
    NodeId id{};
    FencingToken token = 0;

    bool operator==(const KnownLeader&) const = default;
};

// A new leader is known, or the same one has a new token.
struct LeaderGained {
    KnownLeader leader{};
    bool own = false;  // the leader is this node
    Reason reason = Reason::none;
    // When the previous leader was last known to lead: at the last heartbeat that was accepted from
    // it, or until our own lease ended. nullopt: there was no leader since this process started.
    std::optional<Instant> before_until{};

    bool operator==(const LeaderGained&) const = default;
};

// No leader is known any more; `leader` was the last one.
struct LeaderLost {
    KnownLeader leader{};
    Term term = 0;  // of this node, now
    Reason reason = Reason::none;

    bool operator==(const LeaderLost&) const = default;
};

// The state of this node has changed.
struct StateChanged {
    State state = State::follower;
    Term term = 0;
    Reason reason = Reason::none;

    bool operator==(const StateChanged&) const = default;
};

// `voter` has joined the voters (`came`), or has left them.
struct VotersChanged {
    Voter voter{};
    bool came = false;
    ConfigNumber config{};
    std::size_t voters = 0;  // in the new configuration
    std::size_t quorum = 0;
    Reason reason = Reason::none;

    bool operator==(const VotersChanged&) const = default;
};

// On the leader: a new node has joined as an observer.
struct PeerNoted {
    NodeId id{};
    NodeUuid uuid{};
    Term term = 0;

    bool operator==(const PeerNoted&) const = default;
};

// A problem that needs the operator, in one sentence.
struct Report {
    Reason reason = Reason::none;
    Term term = 0;
    NodeId subject{};
    std::string detail{};

    bool operator==(const Report&) const = default;
};

// A voter that does not answer this node. Node fills in `why`, if it knows the cause.
struct SilentVoter {
    Voter voter{};
    std::string why{};

    bool operator==(const SilentVoter&) const = default;
};

// On the leader: a voter has acknowledged no heartbeat for an election timeout. Published at most
// once a minute for each voter.
struct VoterSilent {
    static constexpr Reason reason = Reason::voter_silent;
    SilentVoter subject{};
    Term term = 0;
    Duration away{};                // since it was last heard
    std::size_t answering = 0;      // voters that still answer, with the leader
    std::size_t voters = 0;         // all voters
    std::size_t can_lose = 0;       // how many more may fail: see can_lose()
    std::uint64_t unpublished = 0;  // how often it fell silent since the last one published

    bool operator==(const VoterSilent&) const = default;
};

// On the leader: a voter whose silence was published acknowledges again.
struct VoterBack {
    static constexpr Reason reason = Reason::voter_back;
    Voter voter{};
    Term term = 0;
    Duration away{};

    bool operator==(const VoterBack&) const = default;
};

// On a voter that knows no leader: fewer voters answer it than a quorum needs. Published once in
// each outage, then at most once a minute while it lasts.
struct QuorumMissing {
    static constexpr Reason reason = Reason::quorum_missing;
    Term term = 0;
    std::size_t quorum = 0;
    std::vector<Voter> answering{};  // with this node; both lists by id
    std::vector<SilentVoter> silent{};

    bool operator==(const QuorumMissing&) const = default;
};

// Why a voter that answers may not lead (E1: not eligible; E2: it has just stepped down).
enum class Bar { priority, wants_no_vote, unhealthy, stopping, leaving, cooling, not_eligible };

// "priority 0", "node.observer is set", …: text for the operator.
[[nodiscard]] std::string_view to_string(Bar bar);

struct BarredVoter {
    Voter voter{};
    Bar bar = Bar::not_eligible;

    bool operator==(const BarredVoter&) const = default;
};

// On a voter that knows no leader: a quorum answers, but none of these voters may lead. Published
// as often as QuorumMissing.
struct NobodyMayLead {
    static constexpr Reason reason = Reason::nobody_may_lead;
    Term term = 0;
    std::vector<BarredVoter> answering{};
    std::vector<SilentVoter> silent{};

    bool operator==(const NobodyMayLead&) const = default;
};

// On a blank node that is to found a cluster (bootstrap: all): a founder is missing. Published
// after five election timeouts, then at most once a minute.
struct FounderAwaited {
    static constexpr Reason reason = Reason::founder_awaited;
    NodeId id{};               // empty if only the number of founders is configured
    std::string why{};         // Node fills it in if the election knows no cause
    std::size_t heard = 0;     // founders that have been heard, with this node
    std::size_t founders = 0;  // all founders

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
