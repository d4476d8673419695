// Warns if a discovery finds nodes of other clusters, but no other node of this one: perhaps
// cluster.name is mistyped.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <electiond/peer.h>
#include <electiond/wording.h>

namespace electiond::discovery {

// Several clusters may share a registry or a multicast group, so a node of another cluster is no
// fault once another node of this cluster was found. One thread.
class OtherClusters {
  public:
    // Beyond this number clusters are not named: a stranger may invent any number of them.
    static constexpr std::size_t kCountMax = 16;

    explicit OtherClusters(std::string own) : own_(std::move(own)) {}

    // `node` of the cluster with this name is there now; nullopt if it cannot be read.
    void saw(const std::string& cluster, const std::optional<Peer>& node) {
        if (found_own_ || named_.contains(cluster)) return;
        if (named_.size() + seen_.size() >= kCountMax) return;
        seen_.try_emplace(
            cluster, node ? "node " + node->id.value + " at " + node->addresses.front().to_string()
                          : "a node");
    }

    // `peers`: the nodes of this cluster that are there. Returns the warnings that are due: one for
    // each cluster that was seen, in the life of this object, as long as no node but `self` was
    // among the peers. `place` is as in "the registry /srv/cluster.json".
    [[nodiscard]] std::vector<std::string> due(const std::vector<Peer>& peers,
                                               const std::optional<Peer>& self,
                                               const std::string& place) {
        const auto seen = std::exchange(seen_, {});
        std::vector<std::string> warnings;
        const bool alone = std::ranges::all_of(
            peers, [&](const Peer& peer) { return self && is_same(peer, *self); });
        found_own_ = found_own_ || !alone;
        if (found_own_) return warnings;  // cluster.name is right, even if the others are gone now
        for (const auto& [cluster, node] : seen) {
            named_.insert(cluster);
            warnings.push_back(place + " has " + node + " of cluster " + in_quotes(cluster) +
                               ", but no other node of this cluster, " + in_quotes(own_) +
                               ": if both should be one cluster, correct cluster.name; if several "
                               "clusters share " +
                               place + ", this is normal until another node of " + in_quotes(own_) +
                               " starts");
        }
        return warnings;
    }

  private:
    [[nodiscard]] static bool is_same(const Peer& peer, const Peer& self) {
        return peer.uuid && self.uuid ? peer.uuid == self.uuid : peer.id == self.id;
    }

    const std::string own_;
    bool found_own_ = false;
    std::map<std::string, std::string> seen_;  // name -> one of its nodes; not named yet
    std::set<std::string> named_;
};

}  // namespace electiond::discovery
