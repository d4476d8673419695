// What each discovery lists now, with indexes by id, uuid and address.
#pragma once

#include <cstddef>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <electiond/peer.h>

#include "election/message.h"

namespace electiond {

// Loop thread only. Each query costs about the same however many nodes are listed.
class Listings {
  public:
    Listings() = default;
    Listings(const Listings&) = delete;  // its indexes point into it
    Listings& operator=(const Listings&) = delete;

    [[nodiscard]] bool is_current(std::size_t source, const std::vector<Peer>& peers) const;
    // Replaces what `source` listed. Returns those of `peers` that it did not list before.
    std::vector<Peer> replace(std::size_t source, const std::vector<Peer>& peers);

    // Does a discovery list this uuid?
    [[nodiscard]] bool lists(const NodeUuid& uuid) const { return uuids_.contains(uuid); }
    // The addresses that are listed for this id without a uuid, each once.
    [[nodiscard]] const std::vector<Endpoint>& addresses_of(const NodeId& id) const;
    // True if the address is listed, but for other nodes only.
    [[nodiscard]] bool only_for_others(const Endpoint& address, const Sender& answered) const;

    // Each entry, by source.
    [[nodiscard]] const std::vector<const Peer*>& all() const { return all_; }

  private:
    void index();

    std::map<std::size_t, std::vector<Peer>> by_source_;
    std::vector<const Peer*> all_;
    std::unordered_set<NodeUuid> uuids_;
    std::unordered_map<NodeId, std::vector<Endpoint>> by_id_;
    std::map<Endpoint, std::vector<const Peer*>> by_address_;
};

}  // namespace electiond
