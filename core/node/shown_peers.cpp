// The nodes that a view shows, each once.
#include "node/shown_peers.h"

#include <algorithm>

namespace electiond {

void ShownPeers::add(PeerStatus node) {
    uuids_.insert(node.uuid);
    ids_.insert(node.id);
    addresses_.insert(node.addresses.begin(), node.addresses.end());
    list_.push_back(std::move(node));
}

bool ShownPeers::has(const Peer& peer) const {
    if (peer.uuid) return uuids_.contains(*peer.uuid);
    return (!peer.id.empty() && ids_.contains(peer.id)) ||
           (!peer.addresses.empty() && addresses_.contains(peer.addresses.front()));
}

std::vector<PeerStatus> ShownPeers::take_by_id() && {
    std::ranges::sort(list_, {}, &PeerStatus::id);
    return std::move(list_);
}

void PeersByName::add(PeerStatus node) {
    const auto index = list_.size();
    by_id_[node.id].push_back(index);
    for (const auto& address : node.addresses) by_address_[address].push_back(index);
    list_.push_back(std::move(node));
}

const PeerStatus* PeersByName::heard_last(const Peer& peer) const {
    const PeerStatus* best = nullptr;
    const auto consider = [&](const std::vector<std::size_t>& indexes) {
        for (const auto index : indexes) {
            const auto* node = &list_[index];
            if (!best || node->heard > best->heard || (node->heard == best->heard && node < best)) {
                best = node;
            }
        }
    };
    const auto id = peer.id.empty() ? by_id_.end() : by_id_.find(peer.id);
    if (id != by_id_.end()) consider(id->second);
    const auto address =
        peer.addresses.empty() ? by_address_.end() : by_address_.find(peer.addresses.front());
    if (address != by_address_.end()) consider(address->second);
    return best;
}

}  // namespace electiond
