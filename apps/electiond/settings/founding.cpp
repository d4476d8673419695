// Decides how this node may found its cluster, and warns about unwise settings.
#include <algorithm>
#include <set>

#include "settings/faults.h"
#include "settings/settings.h"

namespace electiond {
namespace {

// The nodes that the configuration itself names: this one, the founders, and static peers.
std::set<std::string> known_ids(const Settings& settings) {
    std::set<std::string> ids{settings.node.id.value};
    for (const auto& id : settings.cluster.voters) ids.insert(id.value);
    for (const auto& each : settings.discovery) {
        const auto* peers = each.plugin == "static_list" ? each.options.find("peers") : nullptr;
        if (peers == nullptr) continue;
        for (const auto& entry : peers->map) ids.insert(entry.key);
    }
    return ids;
}

}  // namespace

Bootstrap resolve_bootstrap(const Settings& settings, std::size_t arbiters) {
    const auto& cluster = settings.cluster;
    const bool has_founders = !cluster.voters.empty() || cluster.expect.has_value();
    const auto refuse = [&](const std::string& sentence) {
        return Error(cluster.where + ": cluster.bootstrap " + sentence);
    };
    if (!cluster.bootstrap) {
        if (arbiters == 1) return Bootstrap::claim;
        if (has_founders) return Bootstrap::all;
        throw refuse(arbiters == 0
                         ? "is not set and nothing says how the cluster is founded; add a "
                           "discovery plugin that can arbitrate (file_registry, etcd), or give "
                           "cluster.voters or cluster.expect, or set bootstrap: join"
                         : "is not set and " + std::to_string(arbiters) +
                               " discovery plugins could arbitrate; keep one of them, or give "
                               "cluster.voters or cluster.expect, or set bootstrap: join");
    }
    if (cluster.bootstrap == Bootstrap::claim && arbiters != 1) {
        throw refuse(
            "is \"claim\", which needs exactly one discovery plugin that can arbitrate "
            "(as file_registry and etcd can), but " +
            std::to_string(arbiters) +
            (arbiters == 0 ? " are configured; add one, or use bootstrap: all with "
                             "cluster.voters or cluster.expect"
                           : " are configured: two could name two clusters; keep one"));
    }
    if (cluster.bootstrap == Bootstrap::all && !has_founders) {
        throw refuse("is \"all\", which needs cluster.voters or cluster.expect");
    }
    return *cluster.bootstrap;
}

std::vector<std::string> founding_warnings(const Settings& settings, Bootstrap mode) {
    std::vector<std::string> warnings;
    const auto& voters = settings.cluster.voters;
    const auto founders = settings.cluster.expect.value_or(voters.size());
    const std::string key = settings.cluster.expect ? "cluster.expect" : "cluster.voters";
    const std::string number = std::to_string(founders);
    if (mode != Bootstrap::all) {
        if (founders > 0) {
            warnings.push_back(key +
                               " has no meaning in this mode of cluster.bootstrap and is "
                               "ignored: it is for bootstrap: all");
        }
        return warnings;
    }
    if (!voters.empty() &&
        std::find(voters.begin(), voters.end(), settings.node.id) == voters.end()) {
        warnings.push_back("cluster.voters does not name " + in_quotes(settings.node.id.value) +
                           ", this node: it founds no cluster, it only joins one");
    }
    if (founders % 2 == 0) {
        warnings.push_back(key + ": " + number +
                           " founders are an even number, which survives no more failures than " +
                           std::to_string(founders - 1) + "; an odd number is better");
    }
    if (founders > settings.cluster.max_voters) {
        warnings.push_back(key + ": " + number + " founders are more than cluster.max_voters (" +
                           std::to_string(settings.cluster.max_voters) +
                           "): no further node gets a vote until there are fewer");
    }
    if (const auto known = known_ids(settings).size(); 2 * founders <= known) {
        warnings.push_back(
            key + ": " + number + " founders are not more than half of the " +
            std::to_string(known) +
            " nodes that the configuration names: two clusters could be founded; let more "
            "than half found it");
    } else if (settings.cluster.expect == 1U) {
        warnings.push_back(
            "cluster.expect: 1 lets every blank node found a cluster of its own: two "
            "clusters could be founded as soon as a second node is started under "
            "this name; expect more than half of the nodes");
    }
    return warnings;
}

}  // namespace electiond
