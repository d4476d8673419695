// The discovery `static_list`: the peers that the operator wrote down.
#include <arpa/inet.h>

#include <set>

#include <electiond/plugin.h>

#include "common/node_name.h"

namespace electiond::discovery {
namespace {

constexpr char kExpected[] =
    "a map from id to \"host:port\", as in {\"1\": \"10.0.0.1:7401\"}, or a list of \"host:port\", "
    "with at least one peer";

using Rows = std::vector<std::pair<std::string, std::string>>;  // id, or empty, and address

// Options throws where the kind is another; both failing means that it is neither.
std::optional<Rows> read_map(const Options& options) {
    try {
        return options.table("peers");
    } catch (const Error&) {
        return std::nullopt;
    }
}

std::optional<Rows> read_list(const Options& options) {
    try {
        Rows rows;
        for (auto& address : options.list("peers")) rows.emplace_back("", std::move(address));
        return rows;
    } catch (const Error&) {
        return std::nullopt;
    }
}

std::vector<Peer> read_peers(const Options& options) {
    const auto map = read_map(options);
    const auto rows = map ? map : read_list(options);
    if (!rows || rows->empty()) options.wrong("peers", kExpected);
    std::vector<Peer> peers;
    std::set<Endpoint> seen;
    for (const auto& [id, address] : *rows) {
        const auto must_be = [&](const std::string& rule) {
            options.wrong("peers", "one " + rule + ", unlike \"" + address + "\"" +
                                       (map ? " of peer \"" + id + "\"" : ""));
        };
        if (map && !is_node_name(id)) must_be("with ids of 1 to 64 of A-Z a-z 0-9 . _ -");
        const auto endpoint = Endpoint::parse(address);
        if (!endpoint || endpoint->port == 0)
            must_be("of addresses host:port with a port of 1 to 65535");
        if (!seen.insert(*endpoint).second) must_be("that names each address once");
        peers.push_back(
            {.id = NodeId(id), .uuid = std::nullopt, .addresses = {*endpoint}, .api = {}});
    }
    return peers;
}

bool is_address(const std::string& host) {
    in6_addr parsed{};
    return ::inet_pton(AF_INET, host.c_str(), &parsed) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

// Whether they cannot be the same place, whatever names may mean.
bool surely_differ(const Endpoint& one, const Endpoint& other) {
    return one.port != other.port ||
           (one.host != other.host && is_address(one.host) && is_address(other.host));
}

// Never changes, needs no announcement, touches nothing. One thread at a time, as the host calls.
class StaticList final : public Discovery {
  public:
    explicit StaticList(const PluginSetup& setup) {
        setup.options.accept_only({"plugin", "peers"});
        peers_ = read_peers(setup.options);
    }

    void announce(const Peer&, std::stop_token) override {}

    // The list should give this node the address that it announces: others dial both.
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
