// What is known of this node at one moment: a value that anyone may read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <electiond/peer.h>

#include "election/election.h"

namespace electiond {

// Numbers what changes: starts × 2^32 + n. Never goes back, not over restarts either.
using Index = std::uint64_t;

// Another node, as the address book and, where there is one, the leader's view show it.
struct PeerStatus {
    NodeId id{};
    NodeUuid uuid{};  // empty where only discovery named it
    std::vector<Endpoint> addresses{};
    std::string api{};
    std::optional<Instant> heard{};  // its last message of any kind
};

// Immutable once published. Times are this node's boot clock: what is true "now" is computed by the
// reader, with the reader's own clock, so a lease runs out even where the loop hangs.
struct Status {
    Index index = 0;
    NodeId id{};
    NodeUuid uuid{};
    std::string cluster{};
    std::string cluster_id{};
    std::string api{};   // host:port of our own control API
    Endpoint address{};  // of our own transport
    Term term = 0;
    std::optional<std::string> voted_for{};  // the short id, else the uuid
    std::string role{};                      // voter, standby, observer, joining, removed
    bool role_confirmed = false;  // in this life of the process a leader that hears us has had a
                                  // quorum hold the configuration in which we have that role
    bool observer = false;        // node.observer is set: wants no vote
    std::string_view
        state_without_lease{};  // FOLLOWER or CANDIDATE: the state where we do not lead
    bool in_office = false;     // leads or re-elects itself in place, and not draining
    bool draining = false;
    FencingToken lease_token = 0;
    Instant lease_until{};
    std::optional<Followed> followed{};    // whom we follow …
    Instant followed_until{};              // … while our promise to it is live
    std::optional<std::string> hearsay{};  // who others say leads, shown where we hear nobody …
    Instant hearsay_until{};               // … while that is fresh
    ConfigNumber config{};
    std::vector<Voter> voters{};
    std::size_t quorum = 1;
    std::int64_t priority = 0;
    bool eligible = false;
    Instant started{};
    std::vector<PeerStatus> peers{};  // without ourselves, by id
    std::vector<Member> members{};    // the leader's view: our own, or the last that it sent
    std::optional<Instant> members_at{};
    std::map<std::string, std::uint64_t> rejected{};  // messages refused, by reason

    // Is this node a visible leader on the reader's clock (protocol.md §2)?
    [[nodiscard]] bool leads_at(Instant now) const {
        return in_office && !draining && now < lease_until;
    }
    // The short id of the leader (the uuid where the id is unknown), as we hear it or as others
    // that hear it say; nothing where none is known.
    [[nodiscard]] std::optional<std::string> leader_at(Instant now) const {
        if (leads_at(now)) return id.value;
        if (follows_at(now)) {
            return followed->id.empty() ? followed->uuid.value : followed->id.value;
        }
        return now < hearsay_until ? hearsay : std::nullopt;
    }
    // Does this node follow a live leader, as it heard itself?
    [[nodiscard]] bool follows_at(Instant now) const { return followed && now < followed_until; }
    [[nodiscard]] std::string_view state_at(Instant now) const {
        return leads_at(now) ? std::string_view("LEADER") : state_without_lease;
    }
    // 0 where this node does not lead.
    [[nodiscard]] Milliseconds lease_remaining(Instant now) const {
        return leads_at(now) ? std::chrono::floor<Milliseconds>(lease_until - now)
                             : Milliseconds{0};
    }
    [[nodiscard]] FencingToken token_at(Instant now) const {
        return leads_at(now) ? lease_token : 0;
    }
};

}  // namespace electiond
