// Nodes die, come back, are cut off: who leads, and that no fencing token ever falls.
#include <sched.h>

#include "../io/shell.h"
#include "cluster_test.h"

namespace electiond::cluster {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

class Failover : public testing::TestWithParam<std::string> {};

// Scenarios 2 and 3 of the seed.
TEST_P(Failover, AKilledLeaderIsReplacedWithinTwoTimeoutsAndFollowsWhenItIsBack) {
    ShownCluster cluster({.transport = GetParam(), .election_timeout = Milliseconds{1500}});
    cluster.start_all();
    const int old = cluster.await_leader(3);
    ASSERT_NE(old, 0);
    const auto term = cluster.term(old);

    cluster.kill9(old);
    const auto killed = steady_clock::now();
    ASSERT_TRUE(wait_until([&] { return cluster.leader().has_value(); }));
    EXPECT_LE(steady_clock::now() - killed, 2 * cluster.plan().election_timeout);
    const int successor = cluster.await_leader(3);
    ASSERT_NE(successor, 0);
    EXPECT_NE(successor, old);
    const auto next = cluster.get(successor, "/leader");
    EXPECT_EQ(next.code, 200);
    EXPECT_GT(next.number("term"), term);
    EXPECT_EQ(next.number("fencingToken"), next.number("term"));

    cluster.start(old);
    ASSERT_TRUE(
        wait_until([&] { return cluster.get(old, "/status").text("state") == "FOLLOWER"; }));
    EXPECT_EQ(cluster.await_leader(3), successor);
    EXPECT_EQ(cluster.term(successor), next.number("term"));
}

INSTANTIATE_TEST_SUITE_P(Over, Failover, testing::Values("http", "tcp"),
                         [](const auto& its) { return its.param; });

TEST(Cluster, SurvivesTenTotalRestartsAndItsTokenOnlyRises) {
    ShownCluster cluster({.election_timeout = Milliseconds{500}});
    cluster.start_all();
    ASSERT_NE(cluster.await_leader(3), 0);
    const auto id = cluster.get(1, "/status").text("clusterId");
    const auto uuid = cluster.get(2, "/status").text("uuid");
    std::int64_t token = cluster.term(1);
    std::int64_t index = cluster.get(1, "/status").number("index");

    for (int i = 0; i < 10; ++i) {
        if (i % 2 == 0) {
            for (const int node : cluster.running()) cluster.signal(node, SIGKILL);
        }
        cluster.stop_all();
        cluster.start_all();

        const int leader = cluster.await_leader(3);
        ASSERT_NE(leader, 0) << "after restart " << i;
        const auto now = cluster.get(leader, "/status").number("fencingToken");
        EXPECT_GT(now, token);
        token = now;
        const auto status = cluster.get(1, "/status");
        EXPECT_GT(status.number("index"), index);
        index = status.number("index");
    }
    EXPECT_EQ(cluster.get(1, "/status").text("clusterId"), id);
    EXPECT_EQ(cluster.get(2, "/status").text("uuid"), uuid);
}

TEST(Cluster, NeverLetsALeaderWithoutAQuorumSayThatItLeads) {
    ShownCluster cluster;
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    const auto token = cluster.get(leader, "/leader").number("fencingToken");

    for (const int node : cluster.running()) {
        if (node != leader) cluster.signal(node, SIGKILL);
    }
    const auto cut = steady_clock::now();
    ASSERT_TRUE(wait_until([&] { return cluster.get(leader, "/leader").code == 503; }));
    // The lease, and what it takes to ask on a loaded machine.
    EXPECT_LE(steady_clock::now() - cut, cluster.plan().election_timeout + Milliseconds{500});

    EXPECT_FALSE(wait_until([&] { return cluster.get(leader, "/leader").code != 503; },
                            3 * cluster.plan().election_timeout));
    EXPECT_EQ(cluster.get(leader, "/livez").code, 200);
    EXPECT_EQ(cluster.get(leader, "/readyz").code, 503);
    EXPECT_EQ(cluster.get(leader, "/status").text("leaderId"), "");

    cluster.start_all();
    const int next = cluster.await_leader(3);
    ASSERT_NE(next, 0);
    EXPECT_GT(cluster.get(next, "/leader").number("fencingToken"), token);
}

TEST(Cluster, LetsAPausedLeaderWakeUpAsAFollower) {
    ShownCluster cluster;
    cluster.start_all();
    const int paused = cluster.await_leader(3);
    ASSERT_NE(paused, 0);

    cluster.signal(paused, SIGSTOP);
    std::set<int> others{1, 2, 3};
    others.erase(paused);
    const auto other_leads = [&] {
        for (const int node : others) {
            if (cluster.get(node, "/leader").code == 200) return true;
        }
        return false;
    };
    ASSERT_TRUE(wait_until(other_leads));
    cluster.signal(paused, SIGCONT);

    // From its first word on: it has read its clock before it answers.
    EXPECT_EQ(cluster.get(paused, "/leader").code, 503);
    EXPECT_NE(cluster.await_leader(3), 0);
    EXPECT_NE(cluster.await_leader(3), paused);
}

// A network namespace of this test's own, in which packets may be dropped; false without the right.
bool enter_own_network() {
    return ::unshare(CLONE_NEWNET) == 0 && io::run_in_shell("ip link set lo up").code == 0;
}

void filter(const std::string& verb, const std::string& rule) {
    const auto command = "iptables -w " + verb + " OUTPUT -p tcp " + rule + " -j DROP";
    const auto result = io::run_in_shell(command);
    ASSERT_EQ(result.code, 0) << command << ": " << result.output;
}

// Packets of one node are told from the others' by the user as whom it runs.
TEST(Cluster, IsNotDisturbedByANodeThatWasCutOff) {
    constexpr char kUser[] = "65534";
    if (::geteuid() != 0 || !enter_own_network()) GTEST_SKIP() << "needs root";
    ShownCluster cluster({.discovery = "static_list", .election_timeout = Milliseconds{600}});
    cluster.run_through(3, {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                            "--pdeathsig=KILL"});
    std::filesystem::permissions(cluster.folder(3).parent_path(), std::filesystem::perms(0755));
    ASSERT_EQ(::chown(cluster.folder(3).c_str(), 65534, 65534), 0);
    cluster.start_all();
    int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    if (leader == 3) {
        ASSERT_EQ(cluster.post(3, "/step-down", R"({"to":"1"})").code, 200);
        leader = cluster.await_leader(3);
        ASSERT_EQ(leader, 1);
    }
    const auto term = cluster.term(leader);

    const std::string to_it = "--dport " + std::to_string(cluster.peer_port(3));
    const std::string from_it = std::string("-m owner --uid-owner ") + kUser +
                                " -m multiport --ports " + std::to_string(cluster.peer_port(1)) +
                                "," + std::to_string(cluster.peer_port(2)) + "," +
                                std::to_string(cluster.peer_port(3));
    filter("-A", to_it);
    filter("-A", from_it);
    ASSERT_TRUE(wait_until([&] { return cluster.get(3, "/status").text("leaderId").empty(); }));
    // It tries several times by now, and keeps its term.
    EXPECT_FALSE(wait_until([&] { return cluster.term(3) != term || cluster.term(1) != term; },
                            6 * cluster.plan().election_timeout));

    filter("-D", to_it);
    filter("-D", from_it);
    EXPECT_EQ(cluster.await_leader(3), leader);
    EXPECT_EQ(cluster.term(leader), term);
}

}  // namespace
}  // namespace electiond::cluster
