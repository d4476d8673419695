// Fresh nodes become a cluster, whatever brings them together, and grow.
#include "cluster_test.h"

namespace electiond::cluster {
namespace {

using Plugins = std::tuple<std::string, bool, std::string>;

class Formation : public testing::TestWithParam<Plugins> {};

TEST_P(Formation, ThreeNodesStartedAtOnceElectOneLeader) {
    const auto& [transport, encrypted, discovery] = GetParam();
    if (discovery.starts_with("dns") && !Dnsmasq::installed()) GTEST_SKIP() << kNeedsDnsmasq;
    ShownCluster cluster({.transport = transport, .discovery = discovery, .encrypted = encrypted});

    cluster.start_all();

    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    const auto all = cluster.get(leader, "/cluster");
    EXPECT_EQ(all.json->getObject("leader")->getValue<std::string>("id"), std::to_string(leader));
    std::set<std::string> ids;
    for (const auto& record : *all.json->getArray("cluster")) {
        const auto node = record.extract<Poco::JSON::Object::Ptr>();
        EXPECT_TRUE(node->getValue<bool>("online"));
        ids.insert(node->getValue<std::string>("id"));
    }
    EXPECT_EQ(ids, (std::set<std::string>{"1", "2", "3"}));
    const auto id = cluster.get(1, "/status").text("clusterId");
    EXPECT_NE(id, "");
    for (const int node : {2, 3}) EXPECT_EQ(cluster.get(node, "/status").text("clusterId"), id);
}

std::string name_of(const testing::TestParamInfo<Plugins>& its) {
    const auto& [transport, encrypted, discovery] = its.param;
    return transport + (encrypted ? "_tls_" : "_") + discovery;
}

INSTANTIATE_TEST_SUITE_P(Of, Formation,
                         testing::Combine(testing::Values("http", "tcp"), testing::Bool(),
                                          testing::Values("file_registry", "static_list",
                                                          "multicast", "dns", "dns_srv", "exec")),
                         name_of);

// Scenario 1 of the seed.
TEST(Cluster, LetsTheFirstNodeLeadAloneAndTakesInTheNext) {
    ShownCluster cluster;

    cluster.start(1);
    ASSERT_EQ(cluster.await_leader(1), 1);
    cluster.start(2);
    cluster.start(3);

    ASSERT_EQ(cluster.await_leader(3, std::chrono::seconds(10)), 1);
    for (const int node : {2, 3}) {
        const auto status = cluster.get(node, "/status");
        EXPECT_EQ(status.text("state"), "FOLLOWER");
        EXPECT_EQ(status.text("role"), "voter");
        EXPECT_EQ(status.number("quorum"), 2);
        EXPECT_EQ(cluster.get(node, "/leader").code, 503);
        EXPECT_EQ(cluster.get(node, "/follower").code, 200);
    }
    EXPECT_EQ(cluster.get(1, "/leader").code, 200);
}

TEST(Cluster, HoldsTheFourthNodeBackUntilTheFifthComes) {
    ShownCluster cluster({.election_timeout = Milliseconds{600}});
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);

    cluster.start(4);
    ASSERT_TRUE(wait_until([&] { return cluster.get(4, "/status").text("role") == "standby"; }));
    EXPECT_EQ(cluster.get(leader, "/status").number("voters"), 3);

    cluster.start(5);
    EXPECT_EQ(cluster.await_leader(5), leader);
    EXPECT_EQ(cluster.get(5, "/status").number("quorum"), 3);
}

TEST(Cluster, WaitsForAllItsFoundersBeforeAnyoneLeads) {
    ShownCluster cluster({.discovery = "static_list", .election_timeout = Milliseconds{300}});

    cluster.start(1);
    cluster.start(2);
    ASSERT_TRUE(cluster.await_up(1) && cluster.await_up(2));
    EXPECT_FALSE(wait_until([&] { return cluster.get(1, "/status").text("clusterId") != ""; },
                            Milliseconds{1500}));
    EXPECT_EQ(cluster.get(1, "/readyz").code, 503);

    cluster.start(3);
    EXPECT_NE(cluster.await_leader(3), 0);
}

}  // namespace
}  // namespace electiond::cluster
