// Nodes lose their disks, die for good, come back with a higher priority: who votes, and who leads.
#include "cluster_test.h"

namespace electiond::cluster {
namespace {

using std::chrono::seconds;

// What the leader says of a member; "" where it does not list it.
std::string role_by(LocalCluster& cluster, int leader, int node) {
    const auto members = cluster.get(leader, "/members").json->getArray("members");
    if (members.isNull()) return "";
    for (const auto& member : *members) {
        const auto its = member.extract<Poco::JSON::Object::Ptr>();
        if (its->getValue<std::string>("id") == std::to_string(node)) {
            return its->getValue<std::string>("role");
        }
    }
    return "";
}

TEST(Members, ANodeThatLostItsDataDirectoryIsTakenInAnew) {
    ShownCluster cluster({.election_timeout = Milliseconds{500}});
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    const int lost = leader == 1 ? 2 : 1;
    const auto former = cluster.get(lost, "/status").text("uuid");

    cluster.kill9(lost);
    cluster.wipe(lost);
    cluster.start(lost);

    EXPECT_TRUE(wait_until([&] { return cluster.get(lost, "/status").text("role") == "voter"; }));
    EXPECT_NE(cluster.get(lost, "/status").text("uuid"), former);
    EXPECT_EQ(cluster.await_leader(3), leader);
}

TEST(Members, TheLeaderThatLostItsDataDirectoryIsTakenInAnew) {
    ShownCluster cluster({.election_timeout = Milliseconds{500}});
    cluster.start_all();
    const int lost = cluster.await_leader(3);
    ASSERT_NE(lost, 0);
    const auto term = cluster.term(lost);

    cluster.kill9(lost);
    cluster.wipe(lost);
    cluster.start(lost);

    EXPECT_TRUE(wait_until([&] { return cluster.get(lost, "/status").text("role") == "voter"; }));
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    EXPECT_NE(leader, lost);
    EXPECT_GT(cluster.term(leader), term);
}

TEST(Members, AStandbyTakesTheVoteOfADeadVoter) {
    ShownCluster cluster(
        {.election_timeout = Milliseconds{500}, .election = "  dead_after: 5000ms\n"});
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    cluster.start(4);
    ASSERT_TRUE(wait_until([&] { return role_by(cluster, leader, 4) == "standby"; }));
    const int dead = leader == 1 ? 2 : 1;

    cluster.kill9(dead);

    EXPECT_TRUE(wait_until([&] { return role_by(cluster, leader, 4) == "voter"; }));
    EXPECT_TRUE(wait_until([&] { return cluster.get(leader, "/status").number("voters") == 3; }));
    EXPECT_EQ(cluster.get(leader, "/status").number("quorum"), 2);

    cluster.start(dead);  // back, as a standby
    EXPECT_TRUE(wait_until([&] { return role_by(cluster, leader, dead) == "standby"; }));
    EXPECT_EQ(cluster.await_leader(3), leader);
}

TEST(Members, AnObserverFollowsAndNeverVotes) {
    ShownCluster cluster({.nodes = 2, .election_timeout = Milliseconds{500}});
    cluster.start_all();
    const int leader = cluster.await_leader(1);
    ASSERT_NE(leader, 0);
    // A third that would vote makes three of one; an observer leaves it at one.
    cluster.configure(3, "ELECTIOND_NODE_OBSERVER=true");
    cluster.start(3);

    ASSERT_TRUE(wait_until([&] { return cluster.get(3, "/follower").code == 200; }));
    EXPECT_TRUE(wait_until([&] { return role_by(cluster, leader, 3) == "observer"; }));
    EXPECT_EQ(cluster.get(3, "/status").text("role"), "observer");
    EXPECT_FALSE(wait_until([&] { return cluster.get(leader, "/status").number("voters") != 1; },
                            4 * cluster.plan().election_timeout));
}

TEST(Members, AFavouriteTakesOverOnceItHasBeenSteady) {
    ShownCluster cluster({.election_timeout = Milliseconds{500}});
    cluster.configure(3, "ELECTIOND_NODE_PRIORITY=200");
    cluster.start(1);
    ASSERT_EQ(cluster.await_leader(1), 1);
    cluster.start(2);
    cluster.start(3);

    ASSERT_TRUE(wait_until([&] { return cluster.agreed() == 3; }));
    EXPECT_EQ(cluster.get(3, "/status").number("voters"), 3);

    cluster.kill9(3);
    ASSERT_TRUE(wait_until([&] { return cluster.agreed().has_value(); }));
    cluster.start(3);
    EXPECT_TRUE(wait_until([&] { return cluster.agreed() == 3; }));
}

TEST(Members, AWitnessVotesAndNeverLeads) {
    ShownCluster cluster({.discovery = "static_list", .election_timeout = Milliseconds{500}});
    cluster.configure(3, "ELECTIOND_NODE_PRIORITY=0");
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    ASSERT_NE(leader, 3);
    const int other = 3 - leader;

    cluster.kill9(leader);
    ASSERT_TRUE(wait_until([&] { return cluster.leader() == other; }));  // by the witness's vote
    cluster.kill9(other);
    EXPECT_FALSE(wait_until([&] { return cluster.leader().has_value(); },
                            4 * cluster.plan().election_timeout));
    EXPECT_EQ(cluster.post(3, "/step-down").code, 400);
}

}  // namespace
}  // namespace electiond::cluster
