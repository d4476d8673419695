// The commands for a node that does not run.
#include "offline.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <stop_token>
#include <system_error>
#include <utility>

#include "assembly.h"
#include "check/voters.h"
#include "election/recovery.h"
#include "joined.h"
#include "node/node.h"
#include "storage/durable_file.h"
#include "time_limit.h"

namespace electiond {
namespace {

[[noreturn]] void refuse_without_node(const Settings& settings) {
    throw Error(settings.node.data_dir.string() +
                    " holds no node yet; there is nothing to recover or to rejoin: start "
                    "electiond",
                Error::refused);
}

// For commands that need a node that has run before: they create no folder.
const Settings& with_folder(const Settings& settings) {
    std::error_code unclear;
    if (!std::filesystem::exists(settings.node.data_dir, unclear) && !unclear) {
        refuse_without_node(settings);
    }
    return settings;
}

// The node's folder, held for as long as the command runs, and its record.
struct Opened {
    explicit Opened(const Settings& settings)
        : folder(settings.node.data_dir),
          store(folder, settings.node.id, settings.cluster.name, Log{}) {
        record = store.load();
    }
    // The record, or a new one if there is none.
    [[nodiscard]] Durable any(const Settings& settings, Random& random) const {
        return record ? *record : new_record(settings.node.id, settings.cluster.name, random);
    }
    [[nodiscard]] const Durable& known(const Settings& settings) const {
        if (!record) refuse_without_node(settings);
        return *record;
    }
    void save(const Durable& next) {
        store.save(next);
        store.sync_twin();
    }
    DataDir folder;
    DurableFile store;
    std::optional<Durable> record;
};

// The arbiter of the configuration, if it has one. Each call runs on a thread of its own and is
// abandoned if it does not end in time: its files may be on a file system that hangs.
class OwnArbiter {
  public:
    explicit OwnArbiter(const Settings& settings) : cluster_(settings.cluster.name) {
        PluginHost host(plugin_directories(settings), own_program(), Log{});
        auto plugins = load_plugins(host, settings, Log{});
        for (auto& [plugin, discovery, options] : plugins.discoveries) {
            if (discovery->arbiter() == nullptr) continue;
            plugin_ = plugin;
            const std::shared_ptr<Discovery> owner = std::move(discovery);
            arbiter_ = std::shared_ptr<Arbiter>(owner, owner->arbiter());
        }
    }

    [[nodiscard]] bool exists() const { return arbiter_ != nullptr; }

    [[nodiscard]] Claim claim(const Claim& mine) const {
        return answered([arbiter = arbiter_, cluster = cluster_, mine](std::stop_token stop) {
            return arbiter->claim(cluster, mine, std::move(stop));
        });
    }
    // Called after the record was saved, so an error must mention that.
    void replace_claim(const Claim& mine) const try {
        (void)answered([arbiter = arbiter_, cluster = cluster_, mine](std::stop_token stop) {
            arbiter->replace_claim(cluster, mine, std::move(stop));
            return mine;
        });
    } catch (const Error& error) {
        throw Error(std::string(error.what()) +
                        "; the record of this node is already changed, the claim is not: repair "
                        "this, then run the same command again",
                    error.code());
    }

  private:
    template <class Call>
    Claim answered(Call call) const {
        if (auto claim = within_limit(std::move(call))) return *std::move(claim);
        throw Error("discovery " + plugin_ + " has not answered for " +
                        std::to_string(kCallLimit.count()) +
                        " s; check the file system or network that it uses",
                    Error::unavailable);
    }

    std::string cluster_;
    std::string plugin_;
    std::shared_ptr<Arbiter> arbiter_;  // a part of its discovery; shared with abandoned calls
};

std::string ids_of(const std::vector<Voter>& voters) {
    std::vector<std::string> ids;
    for (const auto& voter : voters) ids.push_back(voter.id.value);
    return joined(ids);
}

constexpr char kForce[] = "; nothing was changed. If you are sure, add --force";

// A recovery replaces the leader, if there is one. Throws Error unless a majority of the voters
// seems to be lost.
void refuse_while_alive(const OtherVoters& others, const Durable& record) {
    const auto& cluster = record.cluster_name;
    if (!others.successor.empty()) {
        throw Error("cluster " + cluster + " was recovered already: node " + others.successor +
                        " belongs to the cluster that has replaced it. Start electiond here, and "
                        "it joins that one" +
                        kForce,
                    Error::refused);
    }
    if (others.quorum_lives(record)) {
        throw Error(
            "cluster " + cluster + " is alive: " +
                (others.leader.empty() ? "" : "node " + others.leader + " leads, ") +
                "voters that answer: " +
                (others.alive.empty() ? "none that this node knows" : ids_of(others.alive)) +
                ", and a quorum is " + std::to_string(record.config.quorum()) + " of " +
                std::to_string(record.config.voters.size()) +
                ". Start electiond here instead of recovering" + kForce,
            Error::refused);
    }
    if (!others.trouble.empty()) {
        throw Error("it is not known whether the other voters are lost: " + others.trouble + kForce,
                    Error::unavailable);
    }
}

// Throws Error if this node is the only voter: recovering it would change only the ids of its
// cluster. But if an earlier recovery failed at the claim, the claim still names the replaced
// cluster, so the recovery continues.
void refuse_if_it_needs_no_other(const Durable& record, const OwnArbiter& arbiter) {
    if (record.config.voters.size() != 1 || !record.config.has(record.uuid)) return;
    const Claim mine{record.cluster_id, record.uuid};
    if (arbiter.exists() && arbiter.claim(mine).cluster_id != record.cluster_id) return;
    throw Error(
        "node " + record.node_id.value + " is the only voter of cluster " + record.cluster_name +
            ", so it leads alone: there is nothing to recover. Start electiond here" + kForce,
        Error::refused);
}

std::string count_of_voters(const Durable& record) {
    const auto count = record.config.voters.size();
    return std::to_string(count) + (count == 1 ? " voter" : " voters");
}

void name_the_lost(const OtherVoters& others) {
    if (!others.lost.empty()) std::cout << "Lost voters: " << joined(others.lost) << ".\n";
    if (!others.alive.empty()) {
        std::cout << "Voters that answer, and will join again: " << ids_of(others.alive) << ".\n";
    }
}

void refuse_while_claimant_lives(const Settings& settings, const Durable& record,
                                 const Claim& stored) {
    const auto others = ask_other_voters(settings, record, /*always=*/true);
    if (std::ranges::find(others.answered, stored.uuid) == others.answered.end()) return;
    throw Error("the node that the claim of cluster " + settings.cluster.name + " names, uuid " +
                    stored.uuid.value +
                    ", is alive and answers. Start electiond here, and it joins that node" + kForce,
                Error::refused);
}

}  // namespace

int recover(const Settings& settings, const Confirm& confirm, bool force) {
    Opened node(with_folder(settings));
    const auto& record = node.known(settings);
    if (record.blank()) {
        throw Error("node " + record.node_id.value +
                        " belongs to no cluster yet: there is nothing to recover. If the arbiter's "
                        "claim names a lost node, use electiond recover --claim",
                    Error::refused);
    }
    const OwnArbiter arbiter(settings);
    if (!force) refuse_if_it_needs_no_other(record, arbiter);
    const auto others = ask_other_voters(settings, record);
    if (!force) refuse_while_alive(others, record);
    name_the_lost(others);
    const bool voter = record.config.has(record.uuid);
    if (!confirm("This node (" + record.node_id.value + ", " + (voter ? "a voter" : "not a voter") +
                 ", term " + std::to_string(record.term) + ") becomes the only voter of cluster " +
                 record.cluster_name + ", which had " + count_of_voters(record) + ".\n" +
                 "Do this on ONE survivor, and only if a majority of them is lost for good: if "
                 "they still run somewhere, there will be two leaders.")) {
        return Error::refused;
    }
    auto random = real_random();
    const auto next = recovered(record, random.identity());
    node.save(next);
    if (arbiter.exists()) arbiter.replace_claim({next.cluster_id, next.uuid});
    std::cout << "Recovered as cluster id " << next.cluster_id << ", term " << next.term
              << ". Start electiond here first; the other survivors then rejoin by themselves.\n";
    return 0;
}

int recover_claim(const Settings& settings, const Confirm& confirm, bool force) {
    const OwnArbiter arbiter(settings);
    if (!arbiter.exists()) {
        throw Error("no discovery of this configuration can claim, so there is no claim to recover",
                    Error::refused);
    }
    Opened node(settings);
    auto random = real_random();
    const Durable record = node.any(settings, random);
    // Sends a claim of our own, which is stored if there is none yet: a member may only claim for
    // its own cluster.
    const Claim mine{record.blank() ? random.identity() : record.cluster_id, record.uuid};
    const Claim stored = arbiter.claim(mine);
    if (!record.blank() && stored.cluster_id == record.cluster_id) {
        throw Error("the claim of cluster " + settings.cluster.name +
                        " names the cluster that this node is in, cluster id " + stored.cluster_id +
                        ": there is nothing to recover; start electiond",
                    Error::refused);
    }
    const bool ours =
        std::ranges::find(record.supersedes, stored.cluster_id) != record.supersedes.end();
    if (!record.blank() && !ours) {
        throw Error("this node belongs to cluster id " + record.cluster_id +
                        ", which did not replace the claimed one, " + stored.cluster_id +
                        ": recover the claim on a blank node, or rejoin this one first",
                    Error::refused);
    }
    if (!force) refuse_while_claimant_lives(settings, record, stored);
    if (!confirm("The claim of cluster " + settings.cluster.name + " names node uuid " +
                 stored.uuid.value +
                 ".\nIf that node is lost for good, this node founds the cluster in its place. If "
                 "it still runs, there will be two clusters.")) {
        return Error::refused;
    }
    const Durable next = ours ? record : founded_anew(record, stored.cluster_id, random.identity());
    if (!ours) node.save(next);
    arbiter.replace_claim({next.cluster_id, next.uuid});
    std::cout << "This node now holds the claim, cluster id " << next.cluster_id
              << ". Start electiond here.\n";
    return 0;
}

int rejoin(const Settings& settings, const Confirm& confirm) {
    Opened node(with_folder(settings));
    const auto& record = node.known(settings);
    if (!confirm("Node " + record.node_id.value + " gives up its membership (uuid " +
                 record.uuid.value + ") and joins as a new, blank member at its next start.")) {
        return Error::refused;
    }
    auto random = real_random();
    const auto next = rejoined(record, NodeUuid(random.identity()));
    node.save(next);
    std::cout << "Node " << next.node_id.value << " is blank, its new uuid is " << next.uuid.value
              << ".\n";
    return 0;
}

}  // namespace electiond
