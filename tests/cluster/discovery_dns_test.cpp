// Clusters that find each other by DNS: a real server that dies, hangs, and returns wrong or no
// nodes.
#include <csignal>

#include "cluster_test.h"
#include "page.h"

namespace electiond::cluster {
namespace {

using testing::HasSubstr;

class DnsCluster : public testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
        if (!Dnsmasq::installed()) GTEST_SKIP() << kNeedsDnsmasq;
    }
};

// Whatever DNS does meanwhile: leader, term and voters stay, each node says what is wrong, and
// seldom.
TEST_P(DnsCluster, KeepsLeaderAndQuorumWhateverDnsDoes) {
    ShownCluster cluster({.discovery = GetParam()});
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    const auto before = cluster.get(leader, "/status");
    const auto all_show = [&](const std::string& words) {
        return wait_until([&] {
            return std::ranges::all_of(std::vector{1, 2, 3}, [&](int node) {
                return cluster.get(node, "/status").body.find(words) != std::string::npos;
            });
        });
    };
    const auto has_changed_nothing = [&] {
        for (const int node : {1, 2, 3}) {
            const auto status = cluster.get(node, "/status");
            for (const auto* key : {"term", "voters", "quorum", "configVersion"}) {
                EXPECT_EQ(status.number(key), before.number(key)) << key << " at node " << node;
            }
            EXPECT_EQ(status.text("leaderId"), std::to_string(leader));
        }
    };

    auto& server = cluster.name_server();
    server.signal(SIGSTOP);
    EXPECT_TRUE(all_show("did not answer within"));
    has_changed_nothing();
    server.signal(SIGCONT);
    EXPECT_TRUE(wait_until(
        [&] { return cluster.get(1, "/status").body.find("\"failing\"") == std::string::npos; }));

    server.set_hosts("");  // nobody
    EXPECT_TRUE(all_show("\"peers\":0"));
    has_changed_nothing();

    std::string lies;
    for (int i = 1; i <= 20; ++i)
        lies += "127.9.9." + std::to_string(i) + " nodes.test node-1.test\n";
    server.set_hosts(lies);
    EXPECT_TRUE(wait_until(
        [&] { return cluster.get(1, "/status").body.find("\"peers\":0") == std::string::npos; }));
    has_changed_nothing();

    server.signal(SIGKILL);
    EXPECT_TRUE(all_show("Connection refused"));
    has_changed_nothing();

    const int follower = leader % 3 + 1;
    cluster.kill9(follower);
    cluster.start(follower);
    EXPECT_TRUE(wait_until([&] { return cluster.get(follower, "/follower").code == 200; }))
        << "the others know where it was";
    has_changed_nothing();

    cluster.kill9(leader);
    EXPECT_TRUE(wait_until([&] { return cluster.leader().has_value(); }))
        << "an election needs no DNS";
    for (const int node : cluster.running()) {
        EXPECT_EQ(cluster.stop(node), 0);
        EXPECT_LT(read(cluster.log(node)).size(), 20'000U) << "and nobody floods its log";
    }
}

INSTANTIATE_TEST_SUITE_P(Of, DnsCluster, testing::Values("dns", "dns_srv"),
                         [](const auto& its) { return its.param; });

TEST(DiscoveryDnsPage, LeadsToAClusterWhoseNodesMove) {
    if (!Dnsmasq::installed()) GTEST_SKIP() << kNeedsDnsmasq;
    const Folder folder;
    const auto commands = joined(blocks("discovery-dns.md", "sh"));
    ASSERT_THAT(commands, HasSubstr("dnsmasq"));

    const auto shown = run_commands(commands, folder);

    EXPECT_EQ(shown.code, 0) << shown.said << read(folder / "lab/1.log");
    for (const auto* words : {"no fault found", "leads in term", "127.0.0.4:", "{\"ready\":true}",
                              "cannot look up nodes.lab A: 127.0.0.1:", "can lose 1 more"}) {
        EXPECT_THAT(shown.said, HasSubstr(words));
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "lab")) << "the last command removes it";
}

}  // namespace
}  // namespace electiond::cluster
