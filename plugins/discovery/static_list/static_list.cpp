// The discovery `static_list`: the peers that the configuration lists.
#include <arpa/inet.h>

#include <set>

#include <electiond/plugin.h>

#include "common/node_name.h"

namespace electiond::discovery {
namespace {

constexpr char kExpected[] =
    "a map from id to \"host:port\", as in {\"1\": \"10.0.0.1:7401\"}, or a list of \"host:port\", "
    "with at least one peer";

// Each fault of the list is added with the place of the peer.
std::vector<Peer> read_peers(Options& options) {
    constexpr char kKey[] = "peers";
    std::vector<Peer> peers;
    std::set<Endpoint> seen;
    const auto add = [&](const std::string& id, const OptionValue& address) {
        const auto fault = [&](const std::string& sentence) {
            const auto what = id.empty() ? "holds " + address.shown()
                                         : "gives peer " + in_quotes(id) + " " + address.shown();
            options.fault(kKey, what + sentence, address.where);
        };
        const auto endpoint =
            address.kind == OptionValue::Kind::text ? Endpoint::parse(address.text) : std::nullopt;
        if (!endpoint || endpoint->port == 0) {
            return fault(", but an address must be host:port, with a port of 1 to 65535");
        }
        if (!seen.insert(*endpoint).second) return fault(" a second time; name each address once");
        peers.push_back(
            {.id = NodeId(id), .uuid = std::nullopt, .addresses = {*endpoint}, .api = {}});
    };
    const auto* given = options.value(kKey);
    if (given == nullptr) {
        options.missing(kKey, std::string("give ") + kExpected);
        return peers;
    }
    for (const auto& address : given->list) add("", address);
    for (const auto& peer : given->map) {
        if (is_node_name(peer.key)) {
            add(peer.key, peer.value);
        } else {
            options.fault(kKey,
                          "names the peer " + in_quotes(peer.key) +
                              ", but an id must be 1 to 64 of A-Z a-z 0-9 . _ -",
                          peer.where);
        }
    }
    if (peers.empty()) options.wrong(kKey, kExpected);
    return peers;
}

bool is_address(const std::string& host) {
    in6_addr parsed{};
    return ::inet_pton(AF_INET, host.c_str(), &parsed) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

// True if the endpoints differ for certain: a host name could be any address.
bool surely_differ(const Endpoint& one, const Endpoint& other) {
    return one.port != other.port ||
           (one.host != other.host && is_address(one.host) && is_address(other.host));
}

// Never changes, needs no announcement, opens nothing. One thread at a time, as the host calls.
class StaticList final : public Discovery, public ConstantDiscovery {
  public:
    explicit StaticList(const PluginSetup& setup) : peers_(read_peers(setup.options)) {}

    void announce(const Peer&, std::stop_token) override {}

    // The list should give this node the address that it announces, since others connect to both.
    [[nodiscard]] std::vector<Finding> check(const Peer& self, std::stop_token) const override {
        if (self.addresses.empty()) return {};
        const auto& announced = self.addresses.front();
        for (const auto& peer : peers_) {
            const auto& listed = peer.addresses.front();
            if (peer.id != self.id || !surely_differ(listed, announced)) continue;
            return {{Finding::Weight::warning, "peers",
                     "gives this node, \"" + self.id.value + "\", the address " +
                         listed.to_string() + ", but it announces " + announced.to_string() +
                         " (transport.advertise, else transport.listen); correct one of them"}};
        }
        return {};
    }
    [[nodiscard]] std::vector<Peer> poll(std::stop_token) override { return peers_; }
    void withdraw(std::stop_token) noexcept override {}

  private:
    std::vector<Peer> peers_;
};

}  // namespace
}  // namespace electiond::discovery

ELECTIOND_DISCOVERY_PLUGIN("static_list", "0.1.0", electiond::discovery::StaticList);
