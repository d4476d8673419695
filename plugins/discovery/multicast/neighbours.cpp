// The nodes that were heard in the group.
#include "multicast/neighbours.h"

namespace electiond::discovery {

void Neighbours::hear(const Datagram& datagram, Instant now) {
    const auto& node = datagram.node;
    const auto key = node.uuid ? "uuid " + node.uuid->value : "id " + node.id.value;
    if (datagram.kind == Datagram::Kind::bye) {
        heard_.erase(key);
        return;
    }
    forget_silent(now);
    if (heard_.contains(key) || heard_.size() < kCountMax)
        heard_[key] = Heard{.peer = node, .at = now};
}

std::vector<Peer> Neighbours::known(Instant now) {
    forget_silent(now);
    std::vector<Peer> peers;
    for (const auto& [key, heard] : heard_) peers.push_back(heard.peer);
    return peers;
}

void Neighbours::forget_silent(Instant now) {
    std::erase_if(heard_, [&](const auto& entry) { return now - entry.second.at > kForgetAfter; });
}

}  // namespace electiond::discovery
