// Real nodes report problems that last: in the log, /status and /readyz.
#include "cluster_test.h"

namespace electiond::cluster {
namespace {

using testing::HasSubstr;

class Told : public testing::Test {
  protected:
    static bool logs(LocalCluster& cluster, int node, const std::string& text) {
        return wait_until([&] { return read(cluster.log(node)).find(text) != std::string::npos; });
    }
    // Waits until /status shows exactly these problems.
    static bool problems(LocalCluster& cluster, int node, const std::set<std::string>& wanted) {
        return wait_until([&] {
            std::set<std::string> shown;
            const auto list = cluster.get(node, "/status").json->getArray("problems");
            for (std::size_t i = 0; list && i < list->size(); ++i) {
                shown.insert(
                    list->getObject(static_cast<unsigned>(i))->getValue<std::string>("reason"));
            }
            return list && shown == wanted;
        });
    }
};

TEST_F(Told, ALeaderNamesTheVoterThatDiedAndSaysWhenItIsBack) {
    ShownCluster cluster({.election_timeout = Milliseconds{600}});
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    const int lost = leader == 3 ? 2 : leader + 1;
    const auto name = "node " + std::to_string(lost);

    cluster.kill9(lost);
    ASSERT_TRUE(logs(cluster, leader, name + " has been silent for "));
    const auto log = read(cluster.log(leader));
    EXPECT_THAT(log, HasSubstr("Connection refused); 2 of 3 voters left, can lose none"));
    EXPECT_TRUE(problems(cluster, leader, {"voter_silent"}));
    EXPECT_EQ(cluster.get(leader, "/readyz").code, 200);

    cluster.start(lost);
    EXPECT_TRUE(logs(cluster, leader, name + " answers again after "));
    EXPECT_TRUE(problems(cluster, leader, {}));
}

TEST_F(Told, ASurvivorNamesThoseThatAreMissingForAQuorum) {
    ShownCluster cluster({.election_timeout = Milliseconds{600}});
    cluster.start_all();
    ASSERT_NE(cluster.await_leader(3), 0);

    cluster.kill9(1);
    cluster.kill9(2);
    ASSERT_TRUE(
        logs(cluster, 3, "no quorum: 1 of 3 voters answers (3), a leader needs 2; silent: 1 ("));
    EXPECT_TRUE(problems(cluster, 3, {"quorum_missing"}));
    EXPECT_THAT(cluster.get(3, "/readyz").body, HasSubstr("No quorum: "));

    cluster.start(2);
    ASSERT_NE(cluster.await_leader(), 0);
    EXPECT_TRUE(wait_until([&] {
        return cluster.get(3, "/status").body.find("quorum_missing") == std::string::npos;
    }));
}

TEST_F(Told, ANodeWhoseIdIsInUseSaysSoWhileItIsRefused) {
    ShownCluster cluster({.election_timeout = Milliseconds{300}});
    cluster.start(1);
    ASSERT_EQ(cluster.await_leader(1), 1);
    cluster.start(2);
    cluster.start(3);
    ASSERT_EQ(cluster.await_leader(3), 1);

    cluster.configure(4, "ELECTIOND_NODE_ID=2");
    cluster.start(4);
    EXPECT_TRUE(problems(cluster, 4, {"id_in_use"}));
    EXPECT_THAT(cluster.get(4, "/readyz").body,
                HasSubstr("Node 1 does not admit this node; another node has the id 2: "));
    EXPECT_TRUE(problems(cluster, 1, {"id_in_use"}));
    EXPECT_EQ(cluster.get(1, "/readyz").code, 200);
    EXPECT_TRUE(problems(cluster, 2, {}));

    cluster.kill9(4);
    EXPECT_TRUE(problems(cluster, 1, {}));
}

// It has heard none of them since it started: only the list and its stored configuration name them.
TEST_F(Told, ARestartedSurvivorSaysWhyTheOthersDoNotAnswer) {
    ShownCluster cluster({.discovery = "static_list", .election_timeout = Milliseconds{600}});
    cluster.start_all();
    ASSERT_NE(cluster.await_leader(3), 0);
    for (const int node : {1, 2, 3}) cluster.kill9(node);

    cluster.start(3);
    EXPECT_TRUE(problems(cluster, 3, {"quorum_missing"}));
    const auto why = [&](int node) {
        const auto body = cluster.get(3, "/readyz").body;
        return body.find(std::to_string(node) + " (cannot connect to ") != std::string::npos;
    };
    EXPECT_TRUE(wait_until([&] { return why(1) && why(2); })) << cluster.get(3, "/readyz").body;
    const auto shown = cluster.get(3, "/cluster").json->getArray("cluster");
    ASSERT_EQ(shown->size(), 3u);
    for (const unsigned at : {0u, 1u}) {
        EXPECT_EQ(shown->getObject(at)->getValue<std::string>("role"), "voter");
        EXPECT_EQ(shown->getObject(at)->getValue<std::string>("state"), "OFFLINE");
    }
}

TEST_F(Told, WitnessesSayThatNoneOfThemMayLead) {
    ShownCluster cluster({.election_timeout = Milliseconds{600}});
    for (const int node : {2, 3}) cluster.configure(node, "ELECTIOND_NODE_PRIORITY=0");
    cluster.start(1);
    ASSERT_EQ(cluster.await_leader(1), 1);
    cluster.start(2);
    cluster.start(3);
    ASSERT_EQ(cluster.await_leader(3), 1);
    EXPECT_TRUE(wait_until([&] { return cluster.get(1, "/cluster").number("canLose") == 0; }));

    cluster.kill9(1);
    for (const int node : {2, 3}) {
        EXPECT_TRUE(logs(cluster, node,
                         "the voters that answer (2, 3) may not lead: priority 0; silent: 1 ("));
        EXPECT_TRUE(problems(cluster, node, {"nobody_may_lead"}));
    }
}

TEST_F(Told, FoundersSayForWhomTheyWaitAndWhy) {
    ShownCluster cluster({.discovery = "static_list", .election_timeout = Milliseconds{300}});
    cluster.start(1);
    cluster.start(2);
    for (const int node : {1, 2}) {
        const auto why = "aits for founder 3 (cannot connect to " + cluster.host(3) + ":" +
                         std::to_string(cluster.peer_port(3)) + ": Connection refused)";
        ASSERT_TRUE(logs(cluster, node, why));
        EXPECT_TRUE(problems(cluster, node, {"founder_awaited"}));
        EXPECT_THAT(cluster.get(node, "/readyz").body, HasSubstr(why));
    }

    cluster.configure(3, "ELECTIOND_CLUSTER_NAME=dmeo");
    cluster.start(3);
    EXPECT_TRUE(wait_until([&] {
        return cluster.get(1, "/readyz").body.find("is of cluster dmeo, not demo") !=
               std::string::npos;
    }));
}

}  // namespace
}  // namespace electiond::cluster
