// Who answers where, as discovery and peers last told. A hint, never a fact.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <electiond/peer.h>

#include "election/message.h"
#include "node/status.h"

namespace electiond {

// Owned by Node, loop thread only. A node's own word about its address beats hearsay, newer beats
// older; where an address does not answer, the others that are known are tried in turn.
class AddressBook {
  public:
    AddressBook(NodeUuid self, Endpoint own) : self_(std::move(self)), own_(std::move(own)) {}

    // What learning from one message showed.
    struct Learnt {
        bool moved = false;       // it speaks from another address than before, if any
        bool restarted = false;   // a node that we knew has restarted
        bool duplicated = false;  // two living processes share this uuid (I4)
    };
    // The sender of any message: its own word.
    Learnt heard(Instant now, const Sender& from);
    // The ids and uuids of the voters of a configuration that this node holds or has held.
    void named_by_configuration(const std::vector<Voter>& voters);
    // What a leader's accepted heartbeat says of the members.
    void reported_by_leader(Instant now, const std::vector<Member>& members);
    // What others say of others: a hint at the leader.
    void hearsay(Instant now, const std::vector<Member>& members);
    // A discovery's newest snapshot replaces its last one and stays in use until the next: nothing
    // that a snapshot says ages. True where it holds addresses not known before.
    bool found(Instant now, std::size_t source, const std::vector<Peer>& peers);
    // A request to this node found no answer at `address`: where that is its route, the next one is
    // tried.
    void unanswered(const NodeUuid& uuid, const Endpoint& address);

    // Whether discovery lists this address, but not for the node that answered there.
    [[nodiscard]] bool listed_for_another(const Endpoint& address, const Sender& answered) const;

    // Where to reach `uuid` now; nothing where no address is known.
    [[nodiscard]] std::optional<Endpoint> route(const NodeUuid& uuid) const;
    // Every known address, except those of `except`, of this node, and of strangers; each once. A
    // stranger is a node that no discovery lists now, that is not in `members`, and of which this
    // node has heard nothing for kStrangerAfter: so a node whose entry was removed from the
    // registry is not called for ever.
    struct Target {
        NodeUuid uuid{};  // empty where only discovery named it
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
    // The same, for people: of a node never heard by this process, what discovery lists for its id.
    [[nodiscard]] std::vector<Endpoint> addresses_shown(const Voter& node) const;
    [[nodiscard]] std::string api(const NodeUuid& uuid) const;
    // Of everyone but ourselves those that discovery lists now and those of `members`, by id.
    // Others that ever spoke to us are strangers: of a foreign cluster, refused, or gone for good.
    [[nodiscard]] std::vector<PeerStatus> peers(const std::vector<Voter>& members) const;
    // Moves with everything that the above may show, but for `heard`.
    [[nodiscard]] std::uint64_t revision() const { return revision_; }

  private:
    struct Known {
        NodeId id{};
        NodeId proven{};                   // see proven_id()
        std::optional<Endpoint> spoken{};  // its own word …
        Instant spoken_at{};
        std::vector<Endpoint> listed{};  // … what discovery lists …
        Instant listed_at{};
        std::vector<Endpoint> reported{};  // … and what the leader reports
        std::optional<Instant> reported_at{};
        std::string api{};
        std::optional<Instant> heard{};
        std::size_t attempt = 0;  // grows where it does not answer
        std::string incarnation{};
        std::string former_incarnation{};
        int returns = 0;  // how often the former one was heard again
    };

    Known* entry(const NodeUuid& uuid);
    template <class T>
    void set(T& held, const T& newest);
    [[nodiscard]] std::vector<Endpoint> candidates(const Known& known) const;
    void add_listed_for(const NodeId& id, std::vector<Endpoint>& list) const;
    [[nodiscard]] bool listed(const NodeUuid& uuid) const;
    [[nodiscard]] bool is_stranger(const NodeUuid& uuid, const Known& known, Instant now,
                                   const std::vector<Voter>& members) const;
    [[nodiscard]] PeerStatus meant(const Peer& peer) const;
    [[nodiscard]] PeerStatus status(const NodeUuid& uuid, const Known& known) const;
    static constexpr std::size_t kKnownMax = 1024;

    const NodeUuid self_;
    const Endpoint own_;
    std::map<NodeUuid, Known> known_;
    std::map<std::size_t, std::vector<Peer>> snapshots_;  // by source
    std::uint64_t revision_ = 0;
};

}  // namespace electiond
