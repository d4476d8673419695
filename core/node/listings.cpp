// What each discovery lists now.
#include "node/listings.h"

#include <algorithm>

#include "node/add_once.h"

namespace electiond {

bool Listings::is_current(std::size_t source, const std::vector<Peer>& peers) const {
    const auto at = by_source_.find(source);
    return at == by_source_.end() ? peers.empty() : at->second == peers;
}

std::vector<Peer> Listings::replace(std::size_t source, const std::vector<Peer>& peers) {
    auto& listed = by_source_[source];
    std::vector<Peer> news;
    for (const auto& peer : peers) {
        if (std::ranges::find(listed, peer) == listed.end()) news.push_back(peer);
    }
    listed = peers;
    index();
    return news;
}

void Listings::index() {
    all_.clear();
    uuids_.clear();
    by_id_.clear();
    by_address_.clear();
    for (const auto& [source, peers] : by_source_) {
        for (const auto& peer : peers) {
            all_.push_back(&peer);
            for (const auto& address : peer.addresses) by_address_[address].push_back(&peer);
            if (peer.uuid) {
                uuids_.insert(*peer.uuid);
            } else if (!peer.id.empty()) {
                for (const auto& address : peer.addresses) add_once(by_id_[peer.id], address);
            }
        }
    }
}

const std::vector<Endpoint>& Listings::addresses_of(const NodeId& id) const {
    static const std::vector<Endpoint> kNone;
    const auto at = by_id_.find(id);
    return at == by_id_.end() ? kNone : at->second;
}

bool Listings::only_for_others(const Endpoint& address, const Sender& answered) const {
    const auto at = by_address_.find(address);
    if (at == by_address_.end()) return false;
    const auto is_its_own = [&](const Peer* peer) {
        return peer->uuid ? *peer->uuid == answered.uuid : peer->id == answered.id;
    };
    const auto names_a_node = [](const Peer* peer) { return peer->uuid || !peer->id.empty(); };
    return std::ranges::none_of(at->second, is_its_own) &&
           std::ranges::any_of(at->second, names_a_node);
}

}  // namespace electiond
