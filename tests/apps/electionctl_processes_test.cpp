// electionctl's changes beside real daemons, one of which hangs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "cluster_test.h"

namespace electiond::cluster {
namespace {

using std::chrono::steady_clock;
using testing::HasSubstr;

// All nodes as endpoints: `first` stands first.
std::string endpoints(const LocalCluster& cluster, int first) {
    std::string list;
    for (int i = 0; i < cluster.plan().nodes; ++i) {
        const int node = (first + i - 1) % cluster.plan().nodes + 1;
        list += (list.empty() ? "" : ",") + cluster.host(node) + ":" +
                std::to_string(cluster.api_port(node));
    }
    return list;
}

TEST(Changes, ReachTheLeaderPastAStoppedNode) {
    ShownCluster cluster;
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    const int stopped = leader % 3 + 1;
    cluster.signal(stopped, SIGSTOP);

    const auto begun = steady_clock::now();
    const auto said = run(
        {ELECTIONCTL, "--endpoint", endpoints(cluster, stopped), "--timeout", "30s", "step-down"});

    EXPECT_EQ(said.code, 0) << said.said;
    EXPECT_THAT(said.said, HasSubstr("stepped down"));
    EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(25)) << "30 s would be the timeout";
    EXPECT_TRUE(wait_until([&] {
        const auto now = cluster.leader();
        return now && *now != leader;
    }));
    cluster.signal(stopped, SIGCONT);
}

}  // namespace
}  // namespace electiond::cluster
