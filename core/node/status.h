// What is known of this node at one moment: a value that anyone may read.
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

// Something wrong that lasts.
struct StandingProblem {
    Reason reason = Reason::none;
    NodeId subject{};      // the node that it is about; empty where it is about several
    std::string detail{};  // one sentence
    Instant since{};
};

// What changes seldom. Made anew only where something in it has changed; shared by all who hold it.
struct NodeView {
    NodeId id{};
    NodeUuid uuid{};
    std::string cluster{};
    std::string cluster_id{};
    std::string api{};   // host:port of our own control API
    Endpoint address{};  // of our own transport
    Instant started{};
    std::int64_t priority = 0;
    bool observer = false;  // node.observer is set: wants no vote
    bool eligible = false;
    MemberRole role = MemberRole::joining;
    bool role_confirmed = false;  // in this life of the process a leader that hears us has had a
                                  // quorum hold the configuration in which we have that role
    std::optional<std::string> voted_for{};  // the short id, else the uuid
    std::optional<Followed> followed{};      // whom we follow, if LeadershipState says that we do
    std::string hearsay{};                   // who others say leads, likewise
    ConfigNumber config{};
    std::vector<Voter> voters{};
    std::size_t quorum = 1;
    std::vector<PeerStatus> peers{};                  // without ourselves, by id
    std::map<std::string, std::uint64_t> rejected{};  // messages refused, by reason
    std::vector<StandingProblem> problems{};          // as this node sees them
};

// The leader's view of the members: our own, made anew each heartbeat interval for the sake of the
// ages in it, or the last that the leader sent. `at` says when; nothing: there was none.
struct MembersView {
    std::vector<Member> list{};
    std::optional<Instant> at{};
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
    // Neither is ever null.
    std::shared_ptr<const NodeView> view;
    std::shared_ptr<const MembersView> members;

    bool operator==(const Status&) const = default;

    [[nodiscard]] bool leads_at(Instant now) const { return leadership.leads_at(now); }
    // The short id of the leader (the uuid where the id is unknown), as we hear it or as others
    // that hear it say; nothing where none is known.
    [[nodiscard]] std::optional<std::string> leader_at(Instant now) const;
};

}  // namespace electiond
