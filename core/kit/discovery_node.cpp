// A discovery as the cases use it: reports each call, which must not throw unless a case says so.
#include "kit/discovery_node.h"

#include <algorithm>
#include <utility>

namespace electiond::kit {

Peer peer(const std::string& id, int number) {
    return {.id = NodeId(id),
            .uuid = NodeUuid("uuid-of-" + id),
            .addresses = {{"127.0.0.1", static_cast<std::uint16_t>(4000 + number)}},
            .api = "127.0.0.1:" + std::to_string(3000 + number)};
}

std::string in_words(const Peer& peer) {
    std::string text = peer.id.empty() ? "a peer without id" : peer.id.value;
    text += " (";
    for (const auto& address : peer.addresses) {
        text += (text.back() == '(' ? "" : ", ") + address.to_string();
    }
    return text + ")";
}

DiscoveryNode::DiscoveryNode(Trial& trial, const Setup& setup)
    : trial_(trial), object_(trial.make_discovery(setup)) {}

void DiscoveryNode::announce(const Peer& self) {
    trial_.call("announce", [&] { object_->announce(self); });
}

std::vector<Peer> DiscoveryNode::poll() {
    return trial_.call("poll", [&] { return object_->poll(); });
}

void DiscoveryNode::withdraw() {
    trial_.call("withdraw", [&] { object_->withdraw(); });
}

std::vector<Finding> DiscoveryNode::check(const Peer& self) {
    return trial_.call("check", [&] { return object_->check(self); });
}

void DiscoveryNode::destroy() {
    if (!object_) return;
    trial_.report().step("the destructor");
    object_.reset();
}

bool DiscoveryNode::is_arbiter() const { return object_->arbiter() != nullptr; }

Claim DiscoveryNode::claim(const Claim& mine, const std::string& cluster) {
    return trial_.call("claim", [&] { return object_->arbiter()->claim(cluster, mine); });
}

Claim DiscoveryNode::claim_or_throw(const Claim& mine, std::stop_token stop) {
    return object_->arbiter()->claim(kCluster, mine, std::move(stop));
}

void DiscoveryNode::replace_claim(const Claim& mine, const std::string& cluster) {
    trial_.call("replace_claim", [&] { object_->arbiter()->replace_claim(cluster, mine); });
}

bool DiscoveryNode::knows(const Peer& peer) { return std::ranges::count(poll(), peer) == 1; }

bool DiscoveryNode::knows_id(const std::string& id) {
    return std::ranges::any_of(poll(), [&](const Peer& peer) { return peer.id.value == id; });
}

}  // namespace electiond::kit
