// The addresses of all nodes, as discovery and the nodes last reported them. Hints, never facts.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <electiond/peer.h>

#include "election/message.h"
#include "node/listings.h"
#include "node/status.h"

namespace electiond {

class PeersByName;

// Owned by Node, loop thread only. What a node says of its own address counts more than what others
// say, and newer counts more than older. If an address does not respond, the others are tried in
// turn. Each function costs at most about as much as there are nodes.
class AddressBook {
  public:
    AddressBook(NodeUuid self, Endpoint own) : self_(std::move(self)), own_(std::move(own)) {}

    // What one message has shown about its sender.
    struct Learnt {
        bool moved = false;       // it has another address than before, if there was one
        bool restarted = false;   // a known node has restarted
        bool duplicated = false;  // two living processes share this uuid (I4)
    };
    // Notes the sender of a message, and what it says of itself.
    Learnt heard(Instant now, const Sender& from);
    // True if heard() would find nothing new in it but the time.
    [[nodiscard]] bool knows_all_of(const Sender& from) const;
    // The ids and uuids of the voters of a configuration that this node holds or has held.
    void named_by_configuration(const std::vector<Voter>& voters);
    // The members in an accepted heartbeat of a leader.
    void reported_by_leader(Instant now, const std::vector<Member>& members);
    // What nodes say of other nodes: a hint at the leader.
    void hearsay(Instant now, const std::vector<Member>& members);
    // The newest snapshot of a discovery: replaces its last one, and stays in use until the next,
    // so its entries never expire. True if it contains addresses that were not known before.
    bool found(Instant now, std::size_t source, const std::vector<Peer>& peers);
    // A request to this node got no response at `address`. If that is its route, the next address
    // becomes its route.
    void unanswered(const NodeUuid& uuid, const Endpoint& address);

    // True if discovery lists this address, but for another node than the one that responded.
    [[nodiscard]] bool listed_for_another(const Endpoint& address, const Sender& answered) const;

    // The address to use for `uuid` now; nullopt if none is known.
    [[nodiscard]] std::optional<Endpoint> route(const NodeUuid& uuid) const;
    // Every known address, except those of `except`, of this node, and of strangers; each once. A
    // stranger is a node that no discovery lists now, that is not in `members`, and of which this
    // node has heard nothing for kStrangerAfter: so requests to a node whose entry was removed
    // from the registry end at last.
    struct Target {
        NodeUuid uuid{};  // empty if only discovery lists it
        Endpoint address{};
    };
    [[nodiscard]] std::vector<Target> everyone(Instant now, const std::vector<Voter>& members,
                                               const std::vector<NodeUuid>& except) const;
    static constexpr std::chrono::hours kStrangerAfter{1};

    [[nodiscard]] std::optional<NodeId> id_of(const NodeUuid& uuid) const;
    // P2: the id that this uuid belongs to: by the last configuration that named it, else by the
    // node's own message or by a leader's accepted heartbeat, whichever came first. nullopt if none
    // of these is known: what discovery and hints say is not proven, so it must not shut a node
    // out.
    [[nodiscard]] std::optional<NodeId> proven_id(const NodeUuid& uuid) const;
    [[nodiscard]] std::vector<Endpoint> addresses(const NodeUuid& uuid) const;
    // The same, to be shown: for a node that this process never heard, what discovery lists for its
    // id.
    [[nodiscard]] std::vector<Endpoint> addresses_shown(const Voter& node) const;
    [[nodiscard]] std::string api(const NodeUuid& uuid) const;
    // All nodes except this one that discovery lists now or that are in `members`, by id. Other
    // nodes that were ever heard are of a foreign cluster, were refused, or are gone for good.
    [[nodiscard]] std::vector<PeerStatus> peers(const std::vector<Voter>& members) const;
    // Rises with each change of what the functions above return, except of `heard`.
    [[nodiscard]] std::uint64_t revision() const { return revision_; }

  private:
    struct Known {
        NodeId id{};
        NodeId proven{};                   // see proven_id()
        std::optional<Endpoint> spoken{};  // what it says itself …
        Instant spoken_at{};
        std::vector<Endpoint> listed{};  // … what discovery lists …
        Instant listed_at{};
        std::vector<Endpoint> reported{};  // … and what the leader reports
        std::optional<Instant> reported_at{};
        std::string api{};
        std::optional<Instant> heard{};
        std::size_t attempt = 0;  // rises when an address does not respond
        std::string incarnation{};
        std::string former_incarnation{};
        int returns = 0;  // how often the former one was heard again
    };

    Known* entry(const NodeUuid& uuid);
    template <class T>
    void set(T& held, const T& newest);
    [[nodiscard]] static bool is_spoken_first(const Known& known);
    [[nodiscard]] std::vector<Endpoint> candidates(const Known& known) const;
    [[nodiscard]] bool is_stranger(const Known& known, Instant now) const;
    [[nodiscard]] PeersByName all_by_name() const;
    [[nodiscard]] PeerStatus status(const NodeUuid& uuid, const Known& known) const;
    static constexpr std::size_t kKnownMax = 1024;

    const NodeUuid self_;
    const Endpoint own_;
    std::map<NodeUuid, Known> known_;
    Listings listings_;
    std::uint64_t revision_ = 0;
};

}  // namespace electiond
