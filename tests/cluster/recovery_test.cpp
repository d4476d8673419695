// What an operator does when a majority is lost for good: electiond recover, electiond rejoin.
#include "cluster_test.h"

namespace electiond::cluster {
namespace {

constexpr std::int64_t kJump = std::int64_t{1} << 32;

Finished offline(const LocalCluster& cluster, int node, const std::vector<std::string>& words) {
    auto command = std::vector<std::string>{ELECTIOND};
    command.insert(command.end(), words.begin(), words.end());
    command.insert(command.end(), {"--config", cluster.config(node).string(), "--yes"});
    return run(command);
}

class Recovery : public testing::TestWithParam<std::string> {
  protected:
    Recovery() : cluster_({.discovery = GetParam(), .election_timeout = Milliseconds{500}}) {
        cluster_.start_all();
    }
    void SetUp() override {
        ASSERT_NE(cluster_.await_leader(3), 0);
        former_ = cluster_.get(1, "/status").text("clusterId");
        cluster_.stop_all();
    }

    ShownCluster cluster_;
    std::string former_;
};

TEST_P(Recovery, OneSurvivorLeadsAloneAndTakesInNewDisks) {
    for (const int lost : {2, 3}) cluster_.wipe(lost);
    const auto done = offline(cluster_, 1, {"recover"});
    ASSERT_EQ(done.code, 0) << done.said;

    cluster_.start(1);
    ASSERT_EQ(cluster_.await_leader(1), 1);
    EXPECT_GE(cluster_.get(1, "/leader").number("fencingToken"), kJump);
    EXPECT_NE(cluster_.get(1, "/status").text("clusterId"), former_);

    cluster_.start(2);
    cluster_.start(3);
    EXPECT_NE(cluster_.await_leader(3), 0);
}

TEST_P(Recovery, OtherSurvivorsComeBackByThemselves) {
    const auto done = offline(cluster_, 1, {"recover"});
    ASSERT_EQ(done.code, 0) << done.said;

    cluster_.start(2);  // both still remember the former cluster, and are a majority of it
    cluster_.start(3);
    ASSERT_TRUE(wait_until([&] { return cluster_.leader().has_value(); }));
    cluster_.start(1);

    const int leader = cluster_.await_leader(3);
    ASSERT_NE(leader, 0);
    EXPECT_GE(cluster_.get(leader, "/leader").number("fencingToken"), kJump);
    const auto id = cluster_.get(1, "/status").text("clusterId");
    for (const int node : {2, 3}) EXPECT_EQ(cluster_.get(node, "/status").text("clusterId"), id);
}

TEST_P(Recovery, ANodeRejoinsAsANewMember) {
    const auto former = [&] {
        cluster_.start_all();
        EXPECT_NE(cluster_.await_leader(3), 0);
        return cluster_.get(3, "/status").text("uuid");
    }();
    ASSERT_EQ(cluster_.stop(3), 0);

    const auto done = offline(cluster_, 3, {"rejoin"});
    ASSERT_EQ(done.code, 0) << done.said;
    cluster_.start(3);

    EXPECT_TRUE(wait_until([&] { return cluster_.get(3, "/status").text("role") == "voter"; }));
    EXPECT_NE(cluster_.get(3, "/status").text("uuid"), former);
    EXPECT_NE(cluster_.await_leader(3), 0);
}

TEST_P(Recovery, IsRefusedWhileAQuorumAnswers) {
    cluster_.start_all();
    const int leader = cluster_.await_leader(3);
    ASSERT_NE(leader, 0);
    const int here = leader % 3 + 1;
    const int other = 6 - leader - here;
    ASSERT_EQ(cluster_.stop(here), 0);
    const auto before = read(cluster_.data(here) / "state");

    const auto refused = offline(cluster_, here, {"recover"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.said, testing::AllOf(testing::HasSubstr("cluster demo is alive: node " +
                                                                std::to_string(leader) + " leads"),
                                             testing::HasSubstr("nothing was changed"),
                                             testing::HasSubstr("--force")));
    EXPECT_EQ(read(cluster_.data(here) / "state"), before);
    EXPECT_EQ(cluster_.leader(), leader);

    // With one of the two alone there is no leader, but this node would make a quorum with it.
    cluster_.kill9(leader);
    ASSERT_TRUE(wait_until([&] { return !cluster_.leader().has_value(); }));
    const auto again = offline(cluster_, here, {"recover"});
    EXPECT_EQ(again.code, 1) << again.said;
    EXPECT_THAT(again.said, testing::HasSubstr("voters that answer: " + std::to_string(other)));

    const auto forced = offline(cluster_, here, {"recover", "--force"});
    EXPECT_EQ(forced.code, 0) << forced.said;
    EXPECT_THAT(forced.said, testing::HasSubstr("Lost voters: " + std::to_string(leader) + " ("));
    cluster_.start(here);
    EXPECT_TRUE(wait_until([&] { return cluster_.leader() == here; }));
}

TEST_P(Recovery, NamesTheLostVoters) {
    const auto done = offline(cluster_, 2, {"recover"});
    EXPECT_EQ(done.code, 0) << done.said;
    EXPECT_THAT(done.said, testing::HasSubstr("Lost voters: 1 ("));
    EXPECT_THAT(done.said, testing::HasSubstr(", 3 ("));
}

// A second survivor would make a second cluster.
TEST_P(Recovery, IsRefusedWhereAnotherSurvivorWasRecoveredAlready) {
    ASSERT_EQ(offline(cluster_, 1, {"recover"}).code, 0);
    cluster_.start(1);
    ASSERT_EQ(cluster_.await_leader(1), 1);

    const auto refused = offline(cluster_, 2, {"recover"});
    EXPECT_EQ(refused.code, 1) << refused.said;
    EXPECT_THAT(refused.said, testing::HasSubstr("was recovered already: node 1"));
}

INSTANTIATE_TEST_SUITE_P(Of, Recovery, testing::Values("file_registry", "static_list"),
                         [](const auto& its) { return its.param; });

TEST(Cluster, IsFoundedInTheSteadOfALostClaimant) {
    ShownCluster cluster({.election_timeout = Milliseconds{300}});
    cluster.start(1);
    ASSERT_EQ(cluster.await_leader(1), 1);
    cluster.kill9(1);
    cluster.wipe(1);

    cluster.start(2);
    ASSERT_TRUE(cluster.await_up(2));
    EXPECT_FALSE(wait_until([&] { return cluster.leader().has_value(); },
                            4 * cluster.plan().election_timeout));
    ASSERT_EQ(cluster.stop(2), 0);
    const auto done = offline(cluster, 2, {"recover", "--claim"});
    ASSERT_EQ(done.code, 0) << done.said;

    cluster.start(2);
    ASSERT_EQ(cluster.await_leader(1), 2);
    cluster.start(1);
    cluster.start(3);
    EXPECT_EQ(cluster.await_leader(3), 2);
}

TEST(Cluster, RefusesToRecoverANodeThatRuns) {
    ShownCluster cluster({.nodes = 1, .election_timeout = Milliseconds{300}});
    cluster.start(1);
    ASSERT_EQ(cluster.await_leader(1), 1);
    EXPECT_EQ(offline(cluster, 1, {"recover"}).code, 65);
    EXPECT_EQ(offline(cluster, 1, {"rejoin"}).code, 65);
    EXPECT_EQ(cluster.get(1, "/leader").code, 200);
}

}  // namespace
}  // namespace electiond::cluster
