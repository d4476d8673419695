// The registry's text, read tolerantly entry by entry and written with all that is not ours.
#include "file_registry/registry.h"

#include <algorithm>
#include <sstream>

#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <electiond/error.h>

#include "common/peer_json.h"

namespace electiond::discovery {
namespace {

constexpr unsigned kIndent = 2;

[[noreturn]] void garbled(const std::string& file, const std::string& why) {
    throw Error("the registry " + file + " cannot be read: " + why +
                    "; a node that can write it replaces it by a new one and keeps this one as " +
                    file + ".garbled",
                Error::data);
}

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

Registry::Registry(std::string cluster)
    : cluster_(std::move(cluster)), root_(new Poco::JSON::Object(Poco::JSON_PRESERVE_KEY_ORDER)) {}

Registry::Registry(std::string cluster, const std::string& text, const std::string& file)
    : Registry(std::move(cluster)) {
    if (text.size() > kSizeMax) garbled(file, "it is longer than 1 MiB");
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) garbled(file, "it is empty");
    try {
        root_ = parse_object(text);
    } catch (const Poco::Exception& error) {
        garbled(file, "it is not JSON (" + error.displayText() + ")");
    } catch (const std::exception& error) {
        garbled(file, error.what());
    }
    if (!root_->has("nodes")) return;
    if (!root_->isArray("nodes")) garbled(file, "its \"nodes\" is not a list");
    for (const auto& item : *root_->getArray("nodes")) add(item);
}

// Of two entries of one node the newer counts.
void Registry::add(const Poco::Dynamic::Var& item) {
    if (item.type() != typeid(Poco::JSON::Object::Ptr)) return;
    Entry entry{.json = item.extract<Poco::JSON::Object::Ptr>(), .peer = {}, .updated_at = {}};
    const auto cluster = text_of(*entry.json, "cluster");
    if (!cluster) return;
    if (*cluster == cluster_) {
        entry.peer = get_peer(*entry.json);
        if (!entry.peer) return;
        entry.updated_at = text_of(*entry.json, "updatedAt").value_or("");
        const auto twin = std::ranges::find_if(entries_, [&](const Entry& other) {
            return other.peer && same_node(*other.peer, *entry.peer);
        });
        if (twin != entries_.end()) {
            if (twin->updated_at <= entry.updated_at) *twin = std::move(entry);
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

void Registry::put(const Peer& self, const std::string& time) {
    std::erase_if(entries_, [&](const Entry& entry) {
        return entry.peer && (same_node(*entry.peer, self) || former_life(*entry.peer, self));
    });
    drop_oldest();
    Entry entry{.json = new Poco::JSON::Object(Poco::JSON_PRESERVE_KEY_ORDER),
                .peer = self,
                .updated_at = time};
    entry.json->set("cluster", cluster_);
    put_peer(*entry.json, self);
    entry.json->set("updatedAt", time);
    entries_.push_back(std::move(entry));
}

bool Registry::erase(const Peer& self) {
    return std::erase_if(entries_, [&](const Entry& entry) {
               return entry.peer && same_node(*entry.peer, self);
           }) > 0;
}

// Makes room for one more. A node that lives puts itself in again.
void Registry::drop_oldest() {
    const auto older = [](const Entry& a, const Entry& b) {
        if (a.peer.has_value() != b.peer.has_value()) return a.peer.has_value();
        return a.updated_at < b.updated_at;
    };
    auto ours = std::ranges::count_if(entries_, [](const Entry& e) { return e.peer.has_value(); });
    for (; ours >= static_cast<std::ptrdiff_t>(kNodesMax); --ours) {
        entries_.erase(std::ranges::min_element(entries_, older));
    }
}

std::string Registry::text(const std::string& file) const {
    Poco::JSON::Array::Ptr nodes = new Poco::JSON::Array;
    for (const auto& entry : entries_) nodes->add(entry.json);
    auto root = root_;
    root->set("nodes", nodes);
    std::ostringstream out;
    root->stringify(out, kIndent);
    out << '\n';
    if (out.str().size() > kSizeMax) {
        throw Error("the registry " + file +
                        " would be longer than 1 MiB; remove entries that nobody needs from it",
                    Error::data);
    }
    return out.str();
}

}  // namespace electiond::discovery
