// Discovery lies, vanishes and comes back; nodes move: the quorum stays what the voters say it is.
#include <sys/stat.h>

#include "cluster_test.h"

namespace electiond::cluster {
namespace {

namespace fs = std::filesystem;

class Moving : public testing::TestWithParam<std::string> {};

TEST_P(Moving, NodesRestartedOneByOneWithNewPortsFindEachOther) {
    if (GetParam().starts_with("dns") && !Dnsmasq::installed()) GTEST_SKIP() << kNeedsDnsmasq;
    ShownCluster cluster({.discovery = GetParam(), .election_timeout = Milliseconds{600}});
    cluster.start_all();
    ASSERT_NE(cluster.await_leader(3), 0);

    for (const int node : {1, 2, 3}) {
        ASSERT_EQ(cluster.stop(node), 0);
        cluster.move(node);
        cluster.start(node);
        ASSERT_NE(cluster.await_leader(3), 0) << "after node " << node << " has moved";
    }
    const int leader = cluster.await_leader(3);
    for (const int node : {1, 2, 3}) {
        const auto address = cluster.peer_address(node);
        EXPECT_THAT(cluster.get(leader, "/members").body, testing::HasSubstr(address + "\""));
    }
}

INSTANTIATE_TEST_SUITE_P(With, Moving,
                         testing::Values("file_registry", "static_list", "multicast", "dns",
                                         "dns_srv", "exec"),
                         [](const auto& its) { return its.param; });

TEST(Cluster, FindsItselfAgainWhenAllNodesMoveAtOnce) {
    ShownCluster cluster({.election_timeout = Milliseconds{600}});
    cluster.start_all();
    ASSERT_NE(cluster.await_leader(3), 0);
    const auto id = cluster.get(1, "/status").text("clusterId");
    const auto term = cluster.term(1);

    cluster.stop_all();
    for (const int node : {1, 2, 3}) cluster.move(node);
    cluster.start_all();

    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    EXPECT_EQ(cluster.get(leader, "/status").text("clusterId"), id);
    EXPECT_GT(cluster.term(leader), term);
}

using Harm = void (*)(const fs::path&);

void empty(const fs::path& file) { fs::resize_file(file, 0); }
void garble(const fs::path& file) { write(file, "{\"nodes\": [}\x01 nothing of sense"); }
void forget_all_nodes(const fs::path& file) { write(file, "{}"); }
void remove_file(const fs::path& file) { fs::remove(file); }
void remove_all_beside(const fs::path& file) {
    for (const auto& entry : fs::directory_iterator(file.parent_path())) fs::remove(entry.path());
}

const std::map<std::string, Harm> kHarms{{"emptied", empty},
                                         {"garbled", garble},
                                         {"saying_nothing", forget_all_nodes},
                                         {"deleted", remove_file},
                                         {"deleted_with_its_claim", remove_all_beside}};

class HarmedRegistry : public testing::TestWithParam<std::string> {};

TEST_P(HarmedRegistry, ChangesNeitherLeaderNorQuorumAndIsMended) {
    ShownCluster cluster({.election_timeout = Milliseconds{600}});
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    const auto term = cluster.term(leader);
    const auto lists_all = [&] {
        const auto text = read(cluster.registry());
        for (const int node : {1, 2, 3}) {
            if (text.find(std::to_string(cluster.peer_port(node))) == std::string::npos)
                return false;
        }
        return true;
    };
    ASSERT_TRUE(wait_until(lists_all)) << read(cluster.registry());

    kHarms.at(GetParam())(cluster.registry());

    EXPECT_TRUE(wait_until(lists_all)) << read(cluster.registry());
    for (const int node : {1, 2, 3}) {
        const auto status = cluster.get(node, "/status");
        EXPECT_EQ(status.text("leaderId"), std::to_string(leader));
        EXPECT_EQ(status.number("term"), term);
        EXPECT_EQ(status.number("quorum"), 2);
        EXPECT_EQ(status.number("voters"), 3);
    }
}

INSTANTIATE_TEST_SUITE_P(When, HarmedRegistry,
                         testing::Values("emptied", "garbled", "saying_nothing", "deleted",
                                         "deleted_with_its_claim"),
                         [](const auto& its) { return its.param; });

// At the leader and at both followers: who opens it must not wait for its other end.
TEST(Cluster, ElectsInTimeWhileTheRegistryIsAPipeThatNobodyWrites) {
    ShownCluster cluster({.election_timeout = Milliseconds{1500}});
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    fs::remove(cluster.registry());
    ASSERT_EQ(::mkfifo(cluster.registry().c_str(), 0600), 0);
    for (int node = 1; node <= 3; ++node) {
        EXPECT_TRUE(wait_until([&] {
            return cluster.get(node, "/status").body.find("is not a regular file") !=
                   std::string::npos;
        })) << "node "
            << node << " shows the fault";
    }

    const auto killed = std::chrono::steady_clock::now();
    cluster.kill9(leader);

    ASSERT_TRUE(wait_until([&] { return cluster.leader().has_value(); }));
    EXPECT_LE(std::chrono::steady_clock::now() - killed, 2 * cluster.plan().election_timeout);
    for (const int node : cluster.running()) {
        EXPECT_EQ(cluster.stop(node), 0);
        EXPECT_LT(read(cluster.log(node)).size(), 20'000U) << "and nobody floods its log";
    }
}

TEST(Cluster, PutsTheClaimBackWhenTheRegistryIsDeleted) {
    ShownCluster cluster({.election_timeout = Milliseconds{300}});
    cluster.start_all();
    ASSERT_NE(cluster.await_leader(3), 0);
    const auto id = cluster.get(1, "/status").text("clusterId");

    remove_all_beside(cluster.registry());

    EXPECT_TRUE(wait_until([&] {
        for (const auto& entry : fs::directory_iterator(cluster.registry().parent_path())) {
            const bool claim = entry.path().extension() == ".claim";
            if (claim && read(entry.path()).find(id) != std::string::npos) {
                return true;
            }
        }
        return false;
    }));
}

}  // namespace
}  // namespace electiond::cluster
