// The discovery `etcd`: a key under a lease for the address of each node, and one for the claim.
#include <chrono>
#include <optional>
#include <utility>
#include <variant>

#include <electiond/plugin.h>

#include "common/claim_json.h"
#include "common/peer_json.h"
#include "etcd/check.h"
#include "etcd/gateway.h"
#include "etcd/nodes.h"
#include "etcd/settings.h"

namespace electiond::discovery::etcd {
namespace {

using Clock = std::chrono::steady_clock;

// A lease is renewed three times in its life, and often enough to notice that etcd does not answer.
constexpr int kRenewals = 3;
constexpr std::chrono::seconds kRenewedWithin{10};
// The longest time for which a node that stops waits for etcd.
constexpr std::chrono::milliseconds kWithdrawLimit{2000};

// One thread at a time, as the host calls; none of its own.
//
// If two nodes have the same id, the one that wrote last keeps the key. The other one reports this
// and does not write again: otherwise both would write with every call, and trigger all watches.
class Etcd final : public Discovery, public Arbiter {
  public:
    explicit Etcd(const PluginSetup& setup)
        : settings_(read_settings(setup.options)),
          log_(setup.log),
          gateway_(settings_),
          nodes_(gateway_, cluster_prefix(settings_.prefix, setup.cluster) + "nodes/", setup.log) {}

    void announce(const Peer& self, std::stop_token stop) override {
        const Call call(std::move(stop));
        if (self_ != self) {
            require_readable(self);
            self_ = self;
            entry_is_current_ = false;
            taken_by_.reset();
        }
        renew_lease(call);
        if (entry_is_current_ || taken_by_) look(call);
        if (entry_is_current_) return;
        if (taken_by_) throw Error(is_taken(*taken_by_));
        put(call);
    }

    [[nodiscard]] std::vector<Peer> poll(std::stop_token stop) override {
        const Call call(std::move(stop));
        if (call.stop().stop_requested())
            throw Error("stopped before etcd was asked", Error::unavailable);
        look(call);
        return nodes_.peers();
    }

    void withdraw(std::stop_token stop) noexcept override {
        try {
            self_.reset();
            const auto lease = std::exchange(lease_, std::nullopt);
            if (lease) gateway_.revoke(Call(std::move(stop), kWithdrawLimit), lease->id);
        } catch (const NoSuchLease&) {
        } catch (const std::exception& error) {
            log_.warning("this node's entry stays in etcd until its lease ends, within " +
                         std::to_string(settings_.ttl.count()) + " s: " + error.what());
        }
    }

    [[nodiscard]] std::vector<Finding> check(const Peer&, std::stop_token) const override {
        return check_files(settings_);
    }

    [[nodiscard]] Arbiter* arbiter() noexcept override { return this; }

    // Reads first: if etcd is out of space, it answers reads, but refuses each transaction that
    // could write. A claim has no lease, so it outlives the node that made it.
    [[nodiscard]] Claim claim(const std::string& cluster, const Claim& mine,
                              std::stop_token stop) override {
        const Call call(std::move(stop));
        const auto key = claim_key(cluster);
        const auto stored = gateway_.range(call, key, {}, 1);
        if (!stored.entries.empty()) return read_claim(cluster, stored.entries.front());
        const auto earlier = gateway_.create(call, key, claim_text(cluster, mine));
        // The existing claim may be our own, created by a try whose answer was lost.
        return earlier ? read_claim(cluster, *earlier) : mine;
    }

    void replace_claim(const std::string& cluster, const Claim& mine,
                       std::stop_token stop) override {
        gateway_.put(Call(std::move(stop)), claim_key(cluster), claim_text(cluster, mine), {});
    }

  private:
    [[nodiscard]] std::string claim_key(const std::string& cluster) const {
        return cluster_prefix(settings_.prefix, cluster) + "claim";
    }

    [[nodiscard]] static std::string claim_text(const std::string& cluster, const Claim& claim) {
        auto text = claim_json(cluster, claim, time_text(std::chrono::system_clock::now()));
        if (!text) throw Error(cannot_be_stored(cluster, claim), Error::refused);
        return *text;
    }

    [[nodiscard]] static Claim read_claim(const std::string& cluster, const KeyValue& stored) {
        const auto read = read_claim_json(stored.value, cluster);
        if (const auto* claim = std::get_if<Claim>(&read)) return *claim;
        throw Error("the claim in etcd's key " + stored.key +
                        " cannot be read: " + std::get<std::string>(read) +
                        "; it decides which node may found the cluster, so no cluster is founded "
                        "until it is repaired: if the cluster has a leader, remove the key, and "
                        "the leader writes it again; if no node of the cluster is left, run "
                        "`electiond recover --claim` on one node",
                    Error::data);
    }

    void look(const Call& call) {
        if (nodes_.look(call) && self_) judge_own_entry();
    }

    void renew_lease(const Call& call) {
        if (!lease_ || Clock::now() < renew_at_) return;
        const auto left = gateway_.keep_alive(call, lease_->id);
        if (left) {
            renew_within(*left);
        } else {
            lease_.reset();  // and the entry with it
            entry_is_current_ = false;
        }
    }

    void renew_within(std::chrono::seconds ttl) {
        renew_at_ = Clock::now() + std::min<Clock::duration>(ttl / kRenewals, kRenewedWithin);
    }

    void put(const Call& call) {
        if (lease_) {
            try {
                put_under(call, *lease_);
                return;
            } catch (const NoSuchLease&) {
                lease_.reset();
            }
        }
        lease_ = gateway_.grant(call, settings_.ttl);
        renew_within(lease_->ttl);
        put_under(call, *lease_);
    }

    void put_under(const Call& call, const Lease& lease) {
        put_at_ = gateway_.put(call, nodes_.key(self_->id.value), node_json(*self_), lease.id);
        entry_is_current_ = true;
    }

    // Finds out whether our entry was removed, or now belongs to another node.
    void judge_own_entry() {
        const auto* entry = nodes_.find(self_->id.value);
        taken_by_.reset();
        if (entry == nullptr && nodes_.more()) return;  // else each call would write it again
        entry_is_current_ = entry != nullptr && entry->peer == self_ && !entry->lease.empty();
        if (entry_is_current_ || entry == nullptr || !entry->peer || entry->lease.empty()) return;
        if ((!lease_ || entry->lease != lease_->id) && entry->mod_revision > put_at_)
            taken_by_ = entry->peer;
    }

    [[nodiscard]] std::string is_taken(const Peer& other) const {
        return "another node announces itself as \"" + other.id.value + "\" in etcd, from " +
               other.addresses.front().to_string() +
               (other.uuid ? " with the uuid " + other.uuid->value : "") +
               "; give each node its own id (node.id), and do not copy data directories";
    }

    const Settings settings_;
    const Log log_;
    Gateway gateway_;
    Nodes nodes_;
    std::optional<Peer> self_;
    std::optional<Lease> lease_;
    Clock::time_point renew_at_{};
    std::int64_t put_at_ = 0;        // the revision of our newest put
    bool entry_is_current_ = false;  // our entry is in etcd and up to date, as far as we know
    std::optional<Peer> taken_by_;
};

}  // namespace
}  // namespace electiond::discovery::etcd

ELECTIOND_DISCOVERY_PLUGIN("etcd", "0.1.0", electiond::discovery::etcd::Etcd);
