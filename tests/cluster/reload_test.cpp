// A reload moves the lead, and new peers join, without a restart.
#include "cluster_test.h"

namespace electiond::cluster {
namespace {

class Reload : public testing::Test {
  protected:
    // The file of a running node, with `text` in place of `old`; then POST /reload.
    void reload(int node, const std::string& old, const std::string& text) {
        auto file = read(cluster_.config(node));
        const auto at = file.find(old);
        ASSERT_NE(at, std::string::npos) << file;
        write(cluster_.config(node), file.replace(at, old.size(), text));
        const auto answer = cluster_.post(node, "/reload");
        ASSERT_EQ(answer.code, 200) << answer.body;
        EXPECT_THAT(answer.body, testing::HasSubstr(R"("action":"applied")"));
    }
    void prefer(int node, int priority) {
        reload(node, "data_dir: data", "data_dir: data, priority: " + std::to_string(priority));
    }

    ShownCluster cluster_{{.discovery = "static_list", .election_timeout = Milliseconds{500}}};
};

TEST_F(Reload, ARaisedPriorityMovesTheLead) {
    cluster_.start_all();
    const int leader = cluster_.await_leader(3);
    ASSERT_NE(leader, 0);
    const int favourite = leader == 1 ? 2 : 1;

    ASSERT_NO_FATAL_FAILURE(prefer(favourite, 200));

    EXPECT_TRUE(wait_until([&] { return cluster_.agreed() == favourite; }));
    EXPECT_THAT(cluster_.get(favourite, "/history").body, testing::HasSubstr("\"takeover\""));
}

TEST_F(Reload, ALeaderThatBecomesAWitnessHandsOver) {
    cluster_.start_all();
    const int leader = cluster_.await_leader(3);
    ASSERT_NE(leader, 0);

    ASSERT_NO_FATAL_FAILURE(prefer(leader, 0));

    EXPECT_TRUE(wait_until([&] {
        const auto next = cluster_.agreed();
        return next && *next != leader;
    }));
    EXPECT_EQ(cluster_.get(leader, "/status").text("state"), "FOLLOWER");
}

}  // namespace
}  // namespace electiond::cluster
