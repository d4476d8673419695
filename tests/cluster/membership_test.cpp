// Nodes lose their disks, die for good, come back with a higher priority: who votes, and who leads.
#include "cluster_test.h"

namespace electiond::cluster {
namespace {

using std::chrono::seconds;

// What the leader says of a member; empty where it does not list it.
Answer member(LocalCluster& cluster, int leader, int node) {
    const auto members = cluster.get(leader, "/members").json->getArray("members");
    if (members.isNull()) return {};
    for (const auto& entry : *members) {
        const auto its = entry.extract<Poco::JSON::Object::Ptr>();
        if (its->getValue<std::string>("id") == std::to_string(node))
            return {.code = 200, .body = {}, .json = its};
    }
    return {};
}

std::string role_by(LocalCluster& cluster, int leader, int node) {
    return member(cluster, leader, node).text("role");
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

class Departure : public testing::Test {
  protected:
    Departure() : cluster_({.election_timeout = Milliseconds{500}}) { cluster_.start_all(); }
    void SetUp() override {
        leader_ = cluster_.await_leader(3);
        ASSERT_NE(leader_, 0);
        one_ = leader_ == 1 ? 2 : 1;
        other_ = 6 - leader_ - one_;
    }

    Answer remove(int asked, int node) {
        return ask(cluster_.api_port(asked), "DELETE", "/members/" + std::to_string(node));
    }

    ShownCluster cluster_;
    int leader_ = 0, one_ = 0, other_ = 0;
};

TEST_F(Departure, ARemovedNodeIsOutForGoodAndComesBackOnlyAsANewOne) {
    const auto done = remove(leader_, one_);
    ASSERT_EQ(done.code, 200) << done.body;

    EXPECT_EQ(cluster_.get(leader_, "/status").number("voters"), 2);
    EXPECT_TRUE(
        wait_until([&] { return cluster_.get(one_, "/status").text("role") == "removed"; }));
    ASSERT_EQ(cluster_.stop(one_), 0);
    cluster_.start(one_);
    ASSERT_TRUE(cluster_.await_up(one_));
    EXPECT_EQ(cluster_.get(one_, "/status").text("role"), "removed");

    ASSERT_EQ(cluster_.stop(one_), 0);
    cluster_.wipe(one_);
    cluster_.start(one_);
    EXPECT_EQ(cluster_.await_leader(3), leader_);
}

TEST_F(Departure, OnlyTheLeaderRemoves) {
    const auto refused = remove(one_, other_);
    EXPECT_EQ(refused.code, 421);
    EXPECT_EQ(refused.text("leaderId"), std::to_string(leader_));
    EXPECT_EQ(remove(leader_, 9).code, 404);
    EXPECT_EQ(cluster_.get(leader_, "/status").number("voters"), 3);
}

TEST_F(Departure, NoRemovalMayCostTheQuorum) {
    cluster_.kill9(one_);
    ASSERT_TRUE(wait_until([&] {
        return member(cluster_, leader_, one_).number("lastContactMs") >
               cluster_.plan().election_timeout.count();
    }));
    EXPECT_EQ(remove(leader_, other_).code, 409);
    EXPECT_EQ(cluster_.get(leader_, "/status").number("voters"), 3);
    EXPECT_EQ(remove(leader_, one_).code, 200);  // the dead one may go
    EXPECT_EQ(cluster_.await_leader(2), leader_);
}

TEST_F(Departure, AFollowerLeaves) {
    const auto done = cluster_.post(one_, "/leave");
    ASSERT_EQ(done.code, 200) << done.body;
    EXPECT_EQ(cluster_.get(one_, "/status").text("role"), "removed");
    EXPECT_EQ(cluster_.get(leader_, "/status").number("voters"), 2);
    EXPECT_EQ(cluster_.get(leader_, "/leader").code, 200);
}

TEST_F(Departure, ALeaderHandsOverAndLeaves) {
    const auto done = cluster_.post(leader_, "/leave");
    ASSERT_EQ(done.code, 200) << done.body;
    EXPECT_EQ(cluster_.get(leader_, "/status").text("role"), "removed");
    ASSERT_TRUE(wait_until([&] { return cluster_.agreed({one_, other_}).has_value(); }));
    EXPECT_EQ(cluster_.get(one_, "/status").number("voters"), 2);
}

}  // namespace
}  // namespace electiond::cluster
