// The addresses of all nodes.
#include "node/address_book.h"

#include <algorithm>
#include <utility>

namespace electiond {
namespace {

void add_once(std::vector<Endpoint>& list, const Endpoint& endpoint) {
    if (std::ranges::find(list, endpoint) == list.end()) list.push_back(endpoint);
}

// Does a peer that discovery lists without uuid name this node?
bool is_named(const PeerStatus& node, const Peer& peer) {
    return (!peer.id.empty() && node.id == peer.id) ||
           (!peer.addresses.empty() &&
            std::ranges::find(node.addresses, peer.addresses.front()) != node.addresses.end());
}

}  // namespace

// The entry of `uuid`, added if it is missing. A full book drops the node that was silent longest.
AddressBook::Known* AddressBook::entry(const NodeUuid& uuid) {
    if (uuid.empty() || uuid == self_) return nullptr;
    const auto at = known_.find(uuid);
    if (at != known_.end()) return &at->second;
    ++revision_;
    if (known_.size() >= kKnownMax) {
        known_.erase(std::ranges::min_element(known_, {}, [](const auto& each) {
            return each.second.heard.value_or(Instant::min());
        }));
    }
    return &known_[uuid];
}

template <class T>
void AddressBook::set(T& held, const T& newest) {
    if (held == newest) return;
    held = newest;
    ++revision_;
}

AddressBook::Learnt AddressBook::heard(Instant now, const Sender& from) {
    auto* known = entry(from.uuid);
    if (!known) return {};
    Learnt learnt;
    set(known->id, from.id);
    known->proven = from.id;
    known->heard = now;
    if (!from.api.empty()) set(known->api, from.api);
    if (from.address) {
        learnt.moved = known->spoken != from.address;
        if (learnt.moved) known->attempt = 0;
        set(known->spoken, from.address);
        known->spoken_at = now;
    }
    if (from.incarnation != known->incarnation) {
        learnt.restarted = !known->incarnation.empty();
        if (learnt.restarted) known->attempt = 0;  // the failures were those of its former process
        const bool back = from.incarnation == known->former_incarnation;
        known->returns = back ? known->returns + 1 : 0;
        known->former_incarnation = std::exchange(known->incarnation, from.incarnation);
        learnt.duplicated = known->returns >= 2;
    }
    return learnt;
}

void AddressBook::named_by_configuration(const std::vector<Voter>& voters) {
    for (const auto& voter : voters) {
        auto* known = entry(voter.uuid);
        if (!known) continue;
        known->proven = voter.id;
        if (known->id.empty()) set(known->id, voter.id);
    }
}

void AddressBook::reported_by_leader(Instant now, const std::vector<Member>& members) {
    hearsay(now, members);
    for (const auto& member : members) {
        const auto at = known_.find(member.uuid);
        if (at != known_.end() && at->second.proven.empty()) at->second.proven = member.id;
    }
}

void AddressBook::hearsay(Instant now, const std::vector<Member>& members) {
    for (const auto& member : members) {
        auto* known = entry(member.uuid);
        if (!known) continue;
        if (known->id.empty()) set(known->id, member.id);
        if (known->api.empty()) set(known->api, member.api);
        if (member.addresses.empty()) continue;
        set(known->reported, member.addresses);
        known->reported_at = now;
    }
}

bool AddressBook::found(Instant now, std::size_t source, const std::vector<Peer>& peers) {
    auto& snapshot = snapshots_[source];
    if (snapshot == peers) return false;
    ++revision_;
    bool news = false;
    for (const auto& peer : peers) {
        if (std::ranges::find(snapshot, peer) != snapshot.end()) continue;
        news = true;
        if (auto* known = peer.uuid ? entry(*peer.uuid) : nullptr) {
            if (known->id.empty()) known->id = peer.id;
            if (known->api.empty()) known->api = peer.api;
            if (known->listed != peer.addresses) {
                known->listed = peer.addresses;
                known->listed_at = now;
                known->attempt = 0;
            }
        }
    }
    snapshot = peers;
    return news;
}

void AddressBook::unanswered(const NodeUuid& uuid, const Endpoint& address) {
    if (route(uuid) == address) ++known_.find(uuid)->second.attempt;
}

bool AddressBook::listed_for_another(const Endpoint& address, const Sender& answered) const {
    bool another = false;
    for (const auto& [source, peers] : snapshots_) {
        for (const auto& peer : peers) {
            if (std::ranges::find(peer.addresses, address) == peer.addresses.end()) continue;
            if (peer.uuid ? *peer.uuid == answered.uuid : peer.id == answered.id) return false;
            another = another || peer.uuid || !peer.id.empty();
        }
    }
    return another;
}

// All addresses of one node, the most likely one first.
std::vector<Endpoint> AddressBook::candidates(const Known& known) const {
    std::vector<Endpoint> list;
    const bool spoken_first = known.spoken && known.spoken_at >= known.listed_at;
    if (spoken_first) list.push_back(*known.spoken);
    for (const auto& endpoint : known.listed) add_once(list, endpoint);
    if (known.spoken) add_once(list, *known.spoken);
    for (const auto& endpoint : known.reported) add_once(list, endpoint);
    add_listed_for(known.id, list);
    return list;
}

// What discovery lists for this id without a uuid.
void AddressBook::add_listed_for(const NodeId& id, std::vector<Endpoint>& list) const {
    for (const auto& [source, peers] : snapshots_) {
        for (const auto& peer : peers) {
            if (peer.uuid || peer.id.empty() || peer.id != id) continue;
            for (const auto& endpoint : peer.addresses) add_once(list, endpoint);
        }
    }
}

std::optional<Endpoint> AddressBook::route(const NodeUuid& uuid) const {
    const auto at = known_.find(uuid);
    if (at == known_.end()) return std::nullopt;
    const auto list = candidates(at->second);
    if (list.empty()) return std::nullopt;
    return list[at->second.attempt % list.size()];
}

bool AddressBook::is_stranger(const NodeUuid& uuid, const Known& known, Instant now,
                              const std::vector<Voter>& members) const {
    if (listed(uuid) || std::ranges::find(members, uuid, &Voter::uuid) != members.end()) {
        return false;
    }
    auto newest = std::max(known.heard, known.reported_at);
    if (!known.listed.empty()) newest = std::max(newest, std::optional(known.listed_at));
    return !newest || now - *newest >= kStrangerAfter;
}

std::vector<AddressBook::Target> AddressBook::everyone(Instant now,
                                                       const std::vector<Voter>& members,
                                                       const std::vector<NodeUuid>& except) const {
    std::vector<Target> targets;
    const auto add = [&](const NodeUuid& uuid, const Endpoint& address) {
        if (address == own_) return;
        if (std::ranges::find(targets, address, &Target::address) == targets.end()) {
            targets.push_back({uuid, address});
        }
    };
    std::vector<Endpoint> spared;
    for (const auto& [uuid, known] : known_) {
        if (is_stranger(uuid, known, now, members)) continue;
        const bool skip = std::ranges::find(except, uuid) != except.end();
        for (const auto& address : candidates(known)) {
            skip ? add_once(spared, address) : add(uuid, address);
        }
    }
    for (const auto& [source, peers] : snapshots_) {
        for (const auto& peer : peers) {
            if (peer.uuid && (*peer.uuid == self_ || known_.contains(*peer.uuid))) continue;
            for (const auto& address : peer.addresses) {
                if (std::ranges::find(spared, address) == spared.end()) {
                    add(peer.uuid.value_or(NodeUuid{}), address);
                }
            }
        }
    }
    return targets;
}

std::optional<NodeId> AddressBook::id_of(const NodeUuid& uuid) const {
    const auto at = known_.find(uuid);
    if (at == known_.end() || at->second.id.empty()) return std::nullopt;
    return at->second.id;
}

std::optional<NodeId> AddressBook::proven_id(const NodeUuid& uuid) const {
    const auto at = known_.find(uuid);
    if (at == known_.end() || at->second.proven.empty()) return std::nullopt;
    return at->second.proven;
}

std::vector<Endpoint> AddressBook::addresses(const NodeUuid& uuid) const {
    if (uuid == self_) return {own_};
    const auto at = known_.find(uuid);
    return at == known_.end() ? std::vector<Endpoint>{} : candidates(at->second);
}

std::vector<Endpoint> AddressBook::addresses_shown(const Voter& node) const {
    if (node.uuid == self_ || known_.contains(node.uuid)) return addresses(node.uuid);
    std::vector<Endpoint> list;
    add_listed_for(node.id, list);
    return list;
}

std::string AddressBook::api(const NodeUuid& uuid) const {
    const auto at = known_.find(uuid);
    return at == known_.end() ? std::string{} : at->second.api;
}

bool AddressBook::listed(const NodeUuid& uuid) const {
    return std::ranges::any_of(snapshots_, [&](const auto& snapshot) {
        return std::ranges::find(snapshot.second, uuid, &Peer::uuid) != snapshot.second.end();
    });
}

// The node that discovery lists without a uuid, found by its id or address; of several, the one
// heard last.
PeerStatus AddressBook::meant(const Peer& peer) const {
    PeerStatus best{.id = peer.id, .addresses = peer.addresses, .api = peer.api};
    for (const auto& [uuid, known] : known_) {
        const PeerStatus shown = status(uuid, known);
        if (is_named(shown, peer) && (best.uuid.empty() || shown.heard > best.heard)) best = shown;
    }
    return best;
}

std::vector<PeerStatus> AddressBook::peers(const std::vector<Voter>& members) const {
    std::vector<PeerStatus> list;
    for (const auto& [uuid, known] : known_) {
        if (listed(uuid) || std::ranges::find(members, uuid, &Voter::uuid) != members.end()) {
            list.push_back(status(uuid, known));
        }
    }
    for (const auto& member : members) {
        if (member.uuid == self_ || known_.contains(member.uuid) ||
            std::ranges::find(list, member.uuid, &PeerStatus::uuid) != list.end()) {
            continue;
        }
        list.push_back(
            {.id = member.id, .uuid = member.uuid, .addresses = addresses_shown(member)});
    }
    for (const auto& [source, peers] : snapshots_) {
        for (const auto& peer : peers) {
            const bool own = peer.uuid == self_ ||
                             std::ranges::find(peer.addresses, own_) != peer.addresses.end();
            const bool shown = std::ranges::any_of(list, [&](const PeerStatus& each) {
                return peer.uuid ? each.uuid == *peer.uuid : is_named(each, peer);
            });
            if (own || shown) continue;
            list.push_back(peer.uuid ? PeerStatus{.id = peer.id,
                                                  .uuid = *peer.uuid,
                                                  .addresses = peer.addresses,
                                                  .api = peer.api}
                                     : meant(peer));
        }
    }
    std::ranges::sort(list, {}, &PeerStatus::id);
    return list;
}

PeerStatus AddressBook::status(const NodeUuid& uuid, const Known& known) const {
    return {.id = known.id,
            .uuid = uuid,
            .addresses = candidates(known),
            .api = known.api,
            .heard = known.heard};
}

}  // namespace electiond
