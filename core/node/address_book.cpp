// The addresses of all nodes.
#include "node/address_book.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "node/add_once.h"
#include "node/shown_peers.h"

namespace electiond {
namespace {

// Of ids that outlive the set.
using Names = std::unordered_set<std::string_view>;

Names names_of(const std::vector<Voter>& members) {
    Names names;
    for (const auto& member : members) names.insert(member.uuid.value);
    return names;
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

bool AddressBook::knows_all_of(const Sender& from) const {
    const auto known = known_.find(from.uuid);
    return known != known_.end() && known->second.proven == from.id &&
           (!from.address || known->second.spoken == from.address) &&
           known->second.incarnation == from.incarnation;
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
    if (listings_.is_current(source, peers)) return false;
    ++revision_;
    const auto news = listings_.replace(source, peers);
    for (const auto& peer : news) {
        auto* known = peer.uuid ? entry(*peer.uuid) : nullptr;
        if (!known) continue;
        if (known->id.empty()) known->id = peer.id;
        if (known->api.empty()) known->api = peer.api;
        if (known->listed != peer.addresses) {
            known->listed = peer.addresses;
            known->listed_at = now;
            known->attempt = 0;
        }
    }
    return !news.empty();
}

void AddressBook::unanswered(const NodeUuid& uuid, const Endpoint& address) {
    if (route(uuid) == address) ++known_.find(uuid)->second.attempt;
}

bool AddressBook::listed_for_another(const Endpoint& address, const Sender& answered) const {
    return listings_.only_for_others(address, answered);
}

// Is what it says itself the newest that is known?
bool AddressBook::is_spoken_first(const Known& known) {
    return known.spoken && known.spoken_at >= known.listed_at;
}

// All addresses of one node, the most likely one first.
std::vector<Endpoint> AddressBook::candidates(const Known& known) const {
    std::vector<Endpoint> list;
    if (is_spoken_first(known)) list.push_back(*known.spoken);
    for (const auto& endpoint : known.listed) add_once(list, endpoint);
    if (known.spoken) add_once(list, *known.spoken);
    for (const auto& endpoint : known.reported) add_once(list, endpoint);
    for (const auto& endpoint : listings_.addresses_of(known.id)) add_once(list, endpoint);
    return list;
}

std::optional<Endpoint> AddressBook::route(const NodeUuid& uuid) const {
    const auto at = known_.find(uuid);
    if (at == known_.end()) return std::nullopt;
    const auto& known = at->second;
    if (known.attempt == 0 && is_spoken_first(known)) return known.spoken;  // the usual case
    const auto list = candidates(known);
    if (list.empty()) return std::nullopt;
    return list[known.attempt % list.size()];
}

// Of a node that is neither listed nor a member: is the last that was heard of it old?
bool AddressBook::is_stranger(const Known& known, Instant now) const {
    auto newest = std::max(known.heard, known.reported_at);
    if (!known.listed.empty()) newest = std::max(newest, std::optional(known.listed_at));
    return !newest || now - *newest >= kStrangerAfter;
}

std::vector<AddressBook::Target> AddressBook::everyone(Instant now,
                                                       const std::vector<Voter>& members,
                                                       const std::vector<NodeUuid>& except) const {
    std::vector<Target> targets;
    std::set<Endpoint> taken{own_}, spared;
    const auto add = [&](const NodeUuid& uuid, const Endpoint& address) {
        if (taken.insert(address).second) targets.push_back({uuid, address});
    };
    const auto member_names = names_of(members);
    const std::unordered_set<NodeUuid> excepted(except.begin(), except.end());
    for (const auto& [uuid, known] : known_) {
        const bool belongs = listings_.lists(uuid) || member_names.contains(uuid.value);
        if (!belongs && is_stranger(known, now)) continue;
        const bool skip = excepted.contains(uuid);
        for (const auto& address : candidates(known)) {
            skip ? void(spared.insert(address)) : add(uuid, address);
        }
    }
    for (const auto* peer : listings_.all()) {
        if (peer->uuid && (*peer->uuid == self_ || known_.contains(*peer->uuid))) continue;
        for (const auto& address : peer->addresses) {
            if (!spared.contains(address)) add(peer->uuid.value_or(NodeUuid{}), address);
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
    return listings_.addresses_of(node.id);
}

std::string AddressBook::api(const NodeUuid& uuid) const {
    const auto at = known_.find(uuid);
    return at == known_.end() ? std::string{} : at->second.api;
}

std::vector<PeerStatus> AddressBook::peers(const std::vector<Voter>& members) const {
    ShownPeers shown;
    const auto member_names = names_of(members);
    for (const auto& [uuid, known] : known_) {
        if (listings_.lists(uuid) || member_names.contains(uuid.value)) {
            shown.add(status(uuid, known));
        }
    }
    for (const auto& member : members) {
        if (member.uuid == self_ || known_.contains(member.uuid) || shown.has(member.uuid)) {
            continue;
        }
        shown.add({.id = member.id, .uuid = member.uuid, .addresses = addresses_shown(member)});
    }
    std::optional<PeersByName> by_name;  // made only if an entry without uuid needs it
    for (const auto* peer : listings_.all()) {
        const bool own = peer->uuid == self_ ||
                         std::ranges::find(peer->addresses, own_) != peer->addresses.end();
        if (own || shown.has(*peer)) continue;
        PeerStatus listed{.id = peer->id,
                          .uuid = peer->uuid.value_or(NodeUuid{}),
                          .addresses = peer->addresses,
                          .api = peer->api};
        if (!peer->uuid) {
            if (!by_name) by_name = all_by_name();
            if (const auto* known = by_name->heard_last(*peer)) listed = *known;
        }
        shown.add(std::move(listed));
    }
    return std::move(shown).take_by_id();
}

PeersByName AddressBook::all_by_name() const {
    PeersByName all;
    for (const auto& [uuid, known] : known_) all.add(status(uuid, known));
    return all;
}

PeerStatus AddressBook::status(const NodeUuid& uuid, const Known& known) const {
    return {.id = known.id,
            .uuid = uuid,
            .addresses = candidates(known),
            .api = known.api,
            .heard = known.heard};
}

}  // namespace electiond
