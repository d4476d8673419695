// The discovery `dns`: the nodes are the addresses of a name, or the targets of its SRV records.
#include <algorithm>
#include <utility>

#include <electiond/plugin.h>

#include "common/seldom.h"
#include "dns/check.h"
#include "dns/finder.h"

namespace electiond::discovery {
namespace {

using Clock = Client::Clock;

// One thread at a time, as the host calls; none of its own. If the TTL of the last answer has
// ended, poll asks the servers and waits for at most `timeout`; otherwise it returns the last
// answer.
class Dns final : public Discovery {
  public:
    explicit Dns(const PluginSetup& setup)
        : log_(setup.log), finder_(read_settings(setup.options)) {}

    // The plugin only reads DNS: nodes are added to the zone, and removed from it, by other means.
    void announce(const Peer& self, std::stop_token) override {
        if (self_ == self) return;
        self_ = self;
        due_ = {};  // the next poll must leave out another address
    }
    void withdraw(std::stop_token) noexcept override {}

    [[nodiscard]] std::vector<Peer> poll(std::stop_token stop) override {
        if (Clock::now() < due_) return peers_;
        auto found = finder_.find(self_, stop);
        due_ = Clock::now() + fresh_for(found);
        report(found);
        peers_ = std::move(found.peers);
        return peers_;
    }

    [[nodiscard]] std::vector<Finding> check(const Peer& self, std::stop_token) const override {
        return check_dns(finder_.settings(), self);
    }

  private:
    // An answer without other nodes, or an incomplete one, is used only for min_ttl: while a
    // cluster starts, both change soon, whatever their TTL.
    [[nodiscard]] Clock::duration fresh_for(const Found& found) const {
        const auto& settings = finder_.settings();
        if (found.peers.empty() || !found.troubles.empty() || !found.ttl) {
            return settings.least_ttl;
        }
        return std::clamp<Clock::duration>(*found.ttl, settings.least_ttl, settings.most_ttl);
    }

    void report(const Found& found) {
        if (!found.troubles.empty()) {
            if (const auto times = troubles_.count(Clock::now())) {
                log_.warning("discovery dns has only old addresses, or none, for some nodes: " +
                             found.troubles.front() + "; check this server" + repeated(*times));
            }
        }
        if (found.none == std::exchange(none_, found.none) || none_.empty()) return;
        if (const auto times = nobody_.count(Clock::now())) {
            log_.warning("discovery dns finds no node: " + none_ +
                         "; if this is wrong, correct the zone, or the key " + finder_.key() +
                         ", a fully qualified name (no search domain is added)" + repeated(*times));
        }
    }

    Log log_;
    Finder finder_;
    Peer self_{};
    std::vector<Peer> peers_;
    Clock::time_point due_{};  // when peers_ must be looked up again
    std::string none_;         // why the last answer had no node; empty if it had one
    Seldom troubles_, nobody_;
};

}  // namespace
}  // namespace electiond::discovery

ELECTIOND_DISCOVERY_PLUGIN("dns", "0.1.0", electiond::discovery::Dns);
