// The lead changes hands on purpose: a graceful stop, a step-down.
#include "cluster_test.h"

namespace electiond::cluster {
namespace {

using std::chrono::steady_clock;

class HandOver : public testing::TestWithParam<std::string> {
  protected:
    HandOver()
        : cluster_({.transport = GetParam(),
                    .discovery = "static_list",
                    .election_timeout = Milliseconds{3000}}) {
        cluster_.start_all();
        leader_ = cluster_.await_leader(3);
        term_ = leader_ == 0 ? 0 : cluster_.term(leader_);
    }
    void SetUp() override { ASSERT_NE(leader_, 0); }

    // How long nobody leads from now on. Well below a timeout: nobody has waited for silence.
    void expect_a_new_leader_at_once(steady_clock::time_point from) {
        ASSERT_TRUE(wait_until([&] {
            const auto now = cluster_.leader();
            return now && *now != leader_;
        }));
        EXPECT_LT(steady_clock::now() - from, cluster_.plan().election_timeout * 2 / 3);
    }

    ShownCluster cluster_;
    int leader_ = 0;
    std::int64_t term_ = 0;
};

TEST_P(HandOver, AGracefulStopEndsWellAndAnotherLeadsAtOnce) {
    const auto told = steady_clock::now();
    const auto code = cluster_.stop(leader_);

    EXPECT_EQ(code, 0);
    EXPECT_LT(steady_clock::now() - told, Milliseconds{5000});
    expect_a_new_leader_at_once(told);
    const int next = cluster_.await_leader(3);
    ASSERT_NE(next, 0);
    EXPECT_EQ(cluster_.term(next), term_ + 1);
}

TEST_P(HandOver, AFollowerStopsWithoutDisturbingAnyone) {
    const int follower = leader_ == 1 ? 2 : 1;

    EXPECT_EQ(cluster_.stop(follower), 0);

    EXPECT_EQ(cluster_.get(leader_, "/leader").code, 200);
    EXPECT_EQ(cluster_.term(leader_), term_);
    EXPECT_EQ(cluster_.get(leader_, "/status").number("voters"), 3);
}

TEST_P(HandOver, AStepDownIsAnsweredWhenTheSuccessorLeads) {
    const auto asked = steady_clock::now();
    const auto answer = cluster_.post(leader_, "/step-down");

    ASSERT_EQ(answer.code, 200) << answer.body;
    EXPECT_EQ(answer.text("message"), "Stepped down successfully");
    EXPECT_EQ(answer.number("term"), term_ + 1);
    expect_a_new_leader_at_once(asked);
    const int next = cluster_.await_leader(3);
    EXPECT_EQ(answer.text("successor"), std::to_string(next));
    EXPECT_NE(next, leader_);
}

TEST_P(HandOver, AStepDownGoesToWhomItNames) {
    const int wanted = leader_ == 3 ? 1 : 3;
    // The leader must have heard it: one acknowledgement later than who leads is known.
    ASSERT_TRUE(wait_until([&] { return cluster_.get(wanted, "/readyz").code == 200; }));

    const auto answer =
        cluster_.post(leader_, "/step-down", R"({"to":")" + std::to_string(wanted) + R"("})");

    ASSERT_EQ(answer.code, 200) << answer.body;
    EXPECT_EQ(answer.text("successor"), std::to_string(wanted));
    EXPECT_EQ(cluster_.await_leader(3), wanted);
}

TEST_P(HandOver, ABadStepDownChangesNothing) {
    const int follower = leader_ == 1 ? 2 : 1;
    const auto refused = cluster_.post(follower, "/step-down");
    EXPECT_EQ(refused.code, 400);
    EXPECT_EQ(refused.text("error"), "Not currently leader");
    EXPECT_EQ(cluster_.post(leader_, "/step-down", R"({"to":"nobody"})").code, 404);

    cluster_.kill9(follower);
    const auto dead = R"({"to":")" + std::to_string(follower) + R"("})";
    const auto silent_for_long = [&] {  // two heartbeats
        const auto members = cluster_.get(leader_, "/members").json->getArray("members");
        for (const auto& member : *members) {
            const auto its = member.extract<Poco::JSON::Object::Ptr>();
            if (its->getValue<std::string>("id") != std::to_string(follower)) continue;
            return its->getValue<int>("lastContactMs") > 600;
        }
        return false;
    };
    ASSERT_TRUE(wait_until(silent_for_long));
    EXPECT_EQ(cluster_.post(leader_, "/step-down", dead).code, 409);

    EXPECT_EQ(cluster_.get(leader_, "/leader").code, 200);
    EXPECT_EQ(cluster_.term(leader_), term_);
}

INSTANTIATE_TEST_SUITE_P(By, HandOver, testing::Values("http", "tcp"),
                         [](const auto& its) { return its.param; });

TEST(Cluster, LetsTheOnlyNodeStepDownAndLeadAgain) {
    ShownCluster cluster({.nodes = 1, .election_timeout = Milliseconds{500}});
    cluster.start(1);
    ASSERT_EQ(cluster.await_leader(1), 1);
    const auto term = cluster.term(1);

    const auto answer = cluster.post(1, "/step-down");

    ASSERT_EQ(answer.code, 200) << answer.body;
    EXPECT_TRUE(answer.json->isNull("successor")) << answer.body;
    EXPECT_EQ(cluster.await_leader(1), 1);
    EXPECT_GT(cluster.term(1), term);
    EXPECT_EQ(cluster.stop(1), 0);
}

}  // namespace
}  // namespace electiond::cluster
