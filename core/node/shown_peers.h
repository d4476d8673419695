// The nodes that a view shows, each once.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <electiond/peer.h>

#include "node/status.h"

namespace electiond {

// Collects nodes, and knows whether an entry of discovery names one of them.
class ShownPeers {
  public:
    void add(PeerStatus node);
    [[nodiscard]] bool has(const NodeUuid& uuid) const { return uuids_.contains(uuid); }
    // By the uuid of the entry; if it has none, by its id or its first address.
    [[nodiscard]] bool has(const Peer& peer) const;
    [[nodiscard]] std::vector<PeerStatus> take_by_id() &&;

  private:
    std::vector<PeerStatus> list_;
    std::unordered_set<NodeUuid> uuids_;
    std::unordered_set<NodeId> ids_;
    std::set<Endpoint> addresses_;
};

// Nodes, found by what an entry of discovery without uuid says of them.
class PeersByName {
  public:
    void add(PeerStatus node);
    // Of the nodes with the id or the first address of the entry, the one heard last, and of
    // these the one added first; null if there is none.
    [[nodiscard]] const PeerStatus* heard_last(const Peer& peer) const;

  private:
    std::vector<PeerStatus> list_;
    std::unordered_map<NodeId, std::vector<std::size_t>> by_id_;
    std::map<Endpoint, std::vector<std::size_t>> by_address_;
};

}  // namespace electiond
