// The entries of our cluster in the registry: a garbled entry does not affect the others.
#include "file_registry/registry.h"

#include <algorithm>
#include <utility>

#include "common/peer_json.h"

namespace electiond::discovery {
namespace {

bool same_node(const Peer& a, const Peer& b) {
    return a.uuid || b.uuid ? a.uuid == b.uuid : a.id == b.id && a.addresses == b.addresses;
}

bool former_life(const Peer& entry, const Peer& self) {
    return !same_node(entry, self) && entry.id == self.id &&
           std::ranges::find_first_of(entry.addresses, self.addresses) != entry.addresses.end();
}

}  // namespace

bool holds(const std::vector<Peer>& peers, const Peer& self) {
    bool found = false;
    for (const auto& peer : peers) {
        found = found || peer == self;
        if (former_life(peer, self)) return false;
    }
    return found;
}

Registry::Registry(std::string cluster) : cluster_(std::move(cluster)) {}

Registry::Registry(std::string cluster, const std::string& text, const std::string& file)
    : cluster_(std::move(cluster)), document_(text, file) {
    for (const auto& entry : document_.entries()) add(entry);
}

// If a node has two entries, the newer one counts.
void Registry::add(const registry::Entry& item) {
    const auto cluster = registry::text_of(item, "cluster");
    if (!cluster) return;
    OurEntry entry{.json = item, .peer = {}, .heartbeat = {}};
    if (*cluster == cluster_) {
        entry.peer = get_peer(*item);
        if (!entry.peer) return;
        entry.heartbeat = registry::heartbeat_of(item);
        const auto twin = std::ranges::find_if(entries_, [&](const OurEntry& other) {
            return other.peer && same_node(*other.peer, *entry.peer);
        });
        if (twin != entries_.end()) {
            if (twin->heartbeat.updated_at <= entry.heartbeat.updated_at) *twin = std::move(entry);
            return;
        }
    }
    entries_.push_back(std::move(entry));
}

std::vector<Peer> Registry::peers() const {
    std::vector<Peer> peers;
    for (const auto& entry : entries_) {
        if (entry.peer) peers.push_back(*entry.peer);
    }
    return peers;
}

std::map<std::string, std::optional<Peer>> Registry::others() const {
    std::map<std::string, std::optional<Peer>> all;
    for (const auto& entry : entries_) {
        if (entry.peer) continue;
        const auto cluster = registry::text_of(entry.json, "cluster").value_or("");
        if (!all.contains(cluster)) all.emplace(cluster, get_peer(*entry.json));
    }
    return all;
}

std::vector<Registry::Renewed> Registry::renewed() const {
    std::vector<Renewed> all;
    for (const auto& entry : entries_) {
        if (!entry.peer || !entry.heartbeat.expire_after) continue;
        all.push_back(
            {*entry.peer, registry::compact_text(entry.json), *entry.heartbeat.expire_after});
    }
    return all;
}

// An entry that is renewed keeps its place, so that others see the same nodes in the same order.
void Registry::put(const Peer& self, const std::string& time,
                   std::chrono::milliseconds expire_after) {
    std::erase_if(entries_, [&](const OurEntry& entry) {
        return entry.peer && former_life(*entry.peer, self);
    });
    auto ours = std::ranges::find_if(entries_, [&](const OurEntry& entry) {
        return entry.peer && same_node(*entry.peer, self);
    });
    if (ours == entries_.end()) {
        drop_oldest();
        ours = entries_.insert(entries_.end(), OurEntry{});
    }
    ours->json = new Poco::JSON::Object(Poco::JSON_PRESERVE_KEY_ORDER);
    ours->peer = self;
    ours->heartbeat = {
        .updated_at = time, .count = ours->heartbeat.count + 1, .expire_after = expire_after};
    ours->json->set("cluster", cluster_);
    put_peer(*ours->json, self);
    registry::put_heartbeat(*ours->json, ours->heartbeat);
}

bool Registry::erase(const Peer& node) {
    return std::erase_if(entries_, [&](const OurEntry& entry) {
               return entry.peer && same_node(*entry.peer, node);
           }) > 0;
}

// Makes room for one more entry. A node that still runs writes its entry again.
void Registry::drop_oldest() {
    const auto older = [](const OurEntry& a, const OurEntry& b) {
        if (a.peer.has_value() != b.peer.has_value()) return a.peer.has_value();
        return a.heartbeat.updated_at < b.heartbeat.updated_at;
    };
    auto ours =
        std::ranges::count_if(entries_, [](const OurEntry& e) { return e.peer.has_value(); });
    for (; ours >= static_cast<std::ptrdiff_t>(kNodesMax); --ours) {
        entries_.erase(std::ranges::min_element(entries_, older));
    }
}

std::string Registry::text(const std::string& file) const {
    std::vector<registry::Entry> all;
    for (const auto& entry : entries_) all.push_back(entry.json);
    auto document = document_;
    document.set_entries(std::move(all));
    return document.text(file);
}

}  // namespace electiond::discovery
