// Shared by the tests of the discovery `etcd`: a server, and nodes that use it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <stop_token>
#include <thread>

#include "discovery/discovery_bench.h"
#include "discovery/lines.h"
#include "etcd_server.h"

namespace electiond::bench {

using cluster::EtcdServer;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

inline constexpr char kKey[] = "/electiond/demo/nodes/a";

[[nodiscard]] inline OptionMap at_endpoint(const std::string& endpoint, OptionMap more = {}) {
    more.push_back({"endpoints", list({endpoint})});
    return more;
}

[[nodiscard]] inline Claim claim_of(const std::string& who) {
    return {.cluster_id = "cluster-of-" + who, .uuid = NodeUuid("uuid-of-" + who)};
}

[[nodiscard]] inline bool knows(Discovery& discovery, const Peer& peer) {
    const auto peers = discovery.poll();
    return std::ranges::find(peers, peer) != peers.end();
}

[[nodiscard]] inline std::vector<std::string> ids(Discovery& discovery) {
    std::vector<std::string> ids;
    for (const auto& peer : discovery.poll()) ids.push_back(peer.id.value);
    return ids;
}

[[nodiscard]] inline Clock::duration time_of(const std::function<void()>& act) {
    const auto begun = Clock::now();
    try {
        act();
    } catch (const Error&) {
    }
    return Clock::now() - begun;
}

// A test that needs the programs of etcd, and its server.
class EtcdScene : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto missing = EtcdServer::missing()) GTEST_SKIP() << *missing;
        start_server();
    }
    virtual void start_server() { server_ = std::make_unique<EtcdServer>(); }

    [[nodiscard]] EtcdServer& server() { return *server_; }
    [[nodiscard]] std::unique_ptr<Discovery> etcd(OptionMap more = {},
                                                  const std::string& cluster = "demo") {
        return make("etcd", at_endpoint(server().endpoint(), std::move(more)), cluster,
                    folder_.path(), lines_.log());
    }
    // What etcdctl prints of a key: its value, or "".
    [[nodiscard]] std::string value(const std::string& key) {
        auto text = server().control({"get", "--print-value-only", key});
        text.erase(text.find_last_not_of('\n') + 1);
        return text;
    }
    // Of the key's lease, in hexadecimal digits; "0" if it has none.
    [[nodiscard]] std::string lease_of(const std::string& key) {
        const auto text = server().control({"get", key, "--write-out=fields"});
        const auto at = text.find("\"Lease\" : ");
        if (at == std::string::npos) throw std::runtime_error("no lease in " + text);
        std::ostringstream hexadecimal;
        hexadecimal << std::hex << std::stoll(text.substr(at + 10));
        return hexadecimal.str();
    }

    Folder folder_;
    Lines lines_;
    std::unique_ptr<EtcdServer> server_;
};

}  // namespace electiond::bench
