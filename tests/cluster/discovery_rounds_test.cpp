// Each discovery, again and again: blank nodes that start at once are one cluster, and a node that
// moves is found.

#include "cluster_test.h"
#include "etcd_server.h"

namespace electiond::cluster {
namespace {

using std::chrono::steady_clock;

// tests/long.sh discovery sets it.
int rounds() { return times_wanted("ELECTIOND_DISCOVERY_ROUNDS", 1); }

std::string median_and_longest(std::vector<Milliseconds> times) {
    std::ranges::sort(times);
    return "median " + std::to_string(times[times.size() / 2].count()) + " ms, longest " +
           std::to_string(times.back().count()) + " ms, of " + std::to_string(times.size());
}

Milliseconds since(steady_clock::time_point begin) {
    return std::chrono::round<Milliseconds>(steady_clock::now() - begin);
}

// What a discovery needs besides the nodes.
class Backend {
  public:
    // Why it cannot be had on this machine; nullopt: nothing is missing.
    static std::optional<std::string> missing(const std::string& discovery) {
        if (discovery.starts_with("dns") && !Dnsmasq::installed()) return kNeedsDnsmasq;
        if (discovery == "etcd") return EtcdServer::missing();
        return std::nullopt;
    }

    explicit Backend(const std::string& discovery) {
        if (discovery == "etcd") etcd_ = std::make_unique<EtcdServer>(EtcdServer::Setup{});
    }
    [[nodiscard]] std::string etcd() const { return etcd_ ? etcd_->endpoint() : ""; }
    void forget_all() {
        if (etcd_) etcd_->control({"del", "--prefix", "/electiond/"});
    }

  private:
    std::unique_ptr<EtcdServer> etcd_;
};

using Founded = std::tuple<std::string, std::string>;

class Founding : public testing::TestWithParam<Founded> {};

TEST_P(Founding, IsOfOneClusterWheneverThreeBlankNodesStartAtOnce) {
    const auto& [discovery, founding] = GetParam();
    if (const auto missing = Backend::missing(discovery)) GTEST_SKIP() << *missing;
    Backend backend(discovery);
    std::vector<Milliseconds> times;
    for (int round = 0; round < rounds(); ++round) {
        backend.forget_all();
        ShownCluster cluster(
            {.discovery = discovery, .founding = founding, .etcd = backend.etcd()});
        const auto begin = steady_clock::now();
        cluster.start_all();
        ASSERT_TRUE(wait_until([&] { return cluster.leader().has_value(); }));
        times.push_back(since(begin));
        ASSERT_NE(cluster.await_leader(3), 0);
        const auto id = cluster.get(1, "/status").text("clusterId");
        for (const int node : {2, 3}) EXPECT_EQ(cluster.get(node, "/status").text("clusterId"), id);
    }
    std::cout << "until a leader was seen: " << median_and_longest(times) << "\n";
}

INSTANTIATE_TEST_SUITE_P(
    By, Founding,
    testing::Values(Founded{"file_registry", "claim"}, Founded{"file_registry", "expect"},
                    Founded{"file_registry", "voters"}, Founded{"static_list", "expect"},
                    Founded{"static_list", "voters"}, Founded{"multicast", "expect"},
                    Founded{"multicast", "voters"}, Founded{"dns", "expect"},
                    Founded{"dns", "voters"}, Founded{"dns_srv", "expect"},
                    Founded{"dns_srv", "voters"}, Founded{"etcd", "claim"},
                    Founded{"etcd", "expect"}, Founded{"etcd", "voters"}, Founded{"exec", "expect"},
                    Founded{"exec", "voters"}),
    [](const auto& its) { return std::get<0>(its.param) + "_" + std::get<1>(its.param); });

class MovedNode : public testing::TestWithParam<std::string> {};

// With DNS, the node that moves knows nobody: it is found by the others' DNS alone. Others tell
// where they are themselves, so that the answer is right at the latest when the node runs.
TEST_P(MovedNode, FollowsSoonAfterDiscoveryIsRight) {
    const auto& discovery = GetParam();
    if (const auto missing = Backend::missing(discovery)) GTEST_SKIP() << *missing;
    const bool by_dns = discovery.starts_with("dns");
    const Backend backend(discovery);
    ShownCluster cluster({.discovery = discovery, .etcd = backend.etcd()});
    cluster.start_all();
    ASSERT_NE(cluster.await_leader(3), 0);
    if (cluster.leader() == 3) {
        EXPECT_EQ(cluster.post(3, "/step-down", R"({"to":"1"})").code, 200);
        ASSERT_TRUE(wait_until([&] { return cluster.agreed() == 1; }));
    }
    const auto before = cluster.get(1, "/status");
    if (by_dns) {
        cluster.configure(3, "ELECTIOND_DISCOVERY=[{plugin: dns, host: nobody.test, servers: [\"" +
                                 cluster.name_server().address() + "\"]}]");
    }
    std::vector<Milliseconds> times;
    for (int round = 0; round < rounds(); ++round) {
        cluster.kill9(3);
        if (by_dns) {
            cluster.keep_names();
            cluster.move(3, "127.1." + std::to_string(round) + ".3");
        } else {
            cluster.move(3);
        }
        cluster.start(3);
        ASSERT_TRUE(cluster.await_up(3));

        const auto right = steady_clock::now();
        if (by_dns) cluster.publish();
        ASSERT_TRUE(wait_until([&] { return cluster.get(3, "/follower").code == 200; }));

        times.push_back(since(right));
    }
    std::cout << "until it followed the leader: " << median_and_longest(times) << "\n";
    if (rounds() > 1) {  // on a machine that does nothing else: 2 x hello_interval
        EXPECT_LE(std::ranges::max(times), cluster.plan().election_timeout);
    }
    const auto status = cluster.get(1, "/status");
    for (const auto* key : {"configVersion", "term", "voters"}) {
        EXPECT_EQ(status.number(key), before.number(key)) << key;
    }
}

INSTANTIATE_TEST_SUITE_P(By, MovedNode,
                         testing::Values("file_registry", "static_list", "multicast", "dns",
                                         "dns_srv", "etcd", "exec"),
                         [](const auto& its) { return its.param; });

}  // namespace
}  // namespace electiond::cluster
