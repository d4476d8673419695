// Clusters that find each other by DNS, from a real server that dies, hangs, lies and says nobody.
#include <csignal>
#include <cstdlib>

#include "cluster_test.h"
#include "page.h"

namespace electiond::cluster {
namespace {

using std::chrono::steady_clock;
using testing::HasSubstr;

// tests/long.sh discovery_dns sets it.
int rounds() {
    const char* text = std::getenv("ELECTIOND_DNS_ROUNDS");
    return text != nullptr ? std::stoi(text) : 1;
}

std::string median_and_longest(std::vector<Milliseconds> times) {
    std::ranges::sort(times);
    return "median " + std::to_string(times[times.size() / 2].count()) + " ms, longest " +
           std::to_string(times.back().count()) + " ms, of " + std::to_string(times.size());
}

Milliseconds since(steady_clock::time_point begin) {
    return std::chrono::round<Milliseconds>(steady_clock::now() - begin);
}

class DnsCluster : public testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
        if (!Dnsmasq::installed()) GTEST_SKIP() << kNeedsDnsmasq;
    }
};

TEST_P(DnsCluster, IsOneClusterEachTimeThreeBlankNodesStartAtOnce) {
    std::vector<Milliseconds> times;
    for (int round = 0; round < rounds(); ++round) {
        ShownCluster cluster({.discovery = GetParam()});
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
    EXPECT_TRUE(wait_until([&] {
        return cluster.get(1, "/status").body.find("did not answer") == std::string::npos;
    }));

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

// The node that moves knows nobody: it is found by the others' DNS alone.
TEST_P(DnsCluster, FindsANodeThatHasMovedAsSoonAsDnsIsRight) {
    ShownCluster cluster({.discovery = GetParam()});
    cluster.start_all();
    ASSERT_NE(cluster.await_leader(3), 0);
    if (cluster.leader() == 3) {
        EXPECT_EQ(cluster.post(3, "/step-down", R"({"to":"1"})").code, 200);
        ASSERT_TRUE(wait_until([&] { return cluster.agreed() == 1; }));
    }
    const auto before = cluster.get(1, "/status");
    cluster.configure(3, "ELECTIOND_DISCOVERY=[{plugin: dns, host: nobody.test, servers: [\"" +
                             cluster.name_server().address() + "\"]}]");
    std::vector<Milliseconds> times;
    for (int round = 0; round < rounds(); ++round) {
        cluster.kill9(3);
        cluster.keep_names();
        cluster.move(3, "127.1." + std::to_string(round) + ".3");
        cluster.start(3);
        ASSERT_TRUE(cluster.await_up(3));

        const auto right = steady_clock::now();
        cluster.publish();
        ASSERT_TRUE(wait_until([&] { return cluster.get(3, "/follower").code == 200; }));

        times.push_back(since(right));
    }
    std::cout << "until it followed the leader: " << median_and_longest(times) << "\n";
    if (rounds() > 1) {  // on a machine that does nothing else: 2 x hello_interval
        EXPECT_LE(std::ranges::max(times), cluster.plan().election_timeout);
    }
    const auto status = cluster.get(1, "/status");
    EXPECT_EQ(status.number("configVersion"), before.number("configVersion"));
    EXPECT_EQ(status.number("term"), before.number("term"));
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
