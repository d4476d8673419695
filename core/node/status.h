// What is known of this node at one moment: a value that any thread may read.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <electiond/peer.h>

#include "election/election.h"

namespace electiond {

// Numbers the changes: starts × 2^32 + n. Never decreases, not even over restarts.
using Index = std::uint64_t;

// Another node, as the address book shows it.
struct PeerStatus {
    NodeId id{};
    NodeUuid uuid{};  // empty if only discovery lists it
    std::vector<Endpoint> addresses{};
    std::string api{};
    std::optional<Instant> heard{};  // its last message of any kind
};

// A problem that lasts.
struct StandingProblem {
    Reason reason = Reason::none;
    NodeId subject{};      // the node it concerns; empty if it concerns several
    std::string detail{};  // one sentence
    Instant since{};
};

// The part of a status that changes seldom. Made anew only if something in it has changed.
struct NodeView {
    NodeId id{};
    NodeUuid uuid{};
    std::string cluster{};
    std::string cluster_id{};
    std::string api{};   // host:port of our own control API
    Endpoint address{};  // of our own transport
    Instant started{};
    std::int64_t priority = 0;
    bool observer = false;  // node.observer is set: it never votes
    bool eligible = false;
    MemberRole role = MemberRole::joining;
    bool role_confirmed = false;  // since the start, a leader that gets our acks has shown that a
                                  // quorum holds the configuration in which we have that role
    std::optional<std::string> voted_for{};  // the short id, else the uuid
    std::optional<Followed> followed{};      // the leader, valid if leadership.follows_at()
    std::string hearsay{};                   // the leader that others report, if it counts
    ConfigNumber config{};
    std::vector<Voter> voters{};
    std::size_t quorum = 1;
    std::vector<PeerStatus> peers{};                  // without ourselves, by id
    std::map<std::string, std::uint64_t> rejected{};  // messages refused, by reason
    std::vector<StandingProblem> problems{};          // that last, as this node sees them
    std::string why_not_joined{};  // while it joins: why the nodes that it asked did not respond
};

// The leader's view of the members: on the leader its own, on others the last one that the leader
// sent. `at`: when it was made or received; nullopt: never.
struct MembersView {
    // Never null. Made anew only if a member has changed.
    std::shared_ptr<const std::vector<Member>> list = std::make_shared<std::vector<Member>>();
    std::optional<Instant> at{};
    // On a leader, made anew each heartbeat interval: what it has heard since it made the list, in
    // the same order. Empty: the list says so itself.
    std::vector<Contact> contacts{};

    // The members with their contacts.
    [[nodiscard]] std::vector<Member> in_contact() const;
};

// Immutable once published.
struct Status {
    Status();
    Status(Index newest, Term current, const LeadershipState& leads,
           std::shared_ptr<const NodeView> shown, std::shared_ptr<const MembersView> seen)
        : index(newest),
          term(current),
          leadership(leads),
          view(std::move(shown)),
          members(std::move(seen)) {}

    Index index = 0;
    Term term = 0;
    LeadershipState leadership{};
    // Both are never null.
    std::shared_ptr<const NodeView> view;
    std::shared_ptr<const MembersView> members;

    bool operator==(const Status&) const = default;

    [[nodiscard]] bool leads_at(Instant now) const { return leadership.leads_at(now); }
    // The short id of the leader (the uuid if the id is unknown), from its heartbeats or as other
    // nodes report it; nullopt if none is known.
    [[nodiscard]] std::optional<std::string> leader_at(Instant now) const;
};

}  // namespace electiond
