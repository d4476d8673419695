// electionctl with several endpoints beside real daemons that hang or are killed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "cluster_test.h"

namespace electiond::cluster {
namespace {

using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::MatchesRegex;

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
    // Its successor may be the node that has just been stopped.
    EXPECT_THAT(said.said, HasSubstr("stepped down"));
    EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(25)) << "30 s would be the timeout";
}

// The first endpoint is the leader's: its stream breaks with its lead.
TEST(WatchOfTheCluster, GoesOnAtTheNextNodeWhenTheLeaderIsKilled) {
    ShownCluster cluster;
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    const Folder folder;
    const Process watch({ELECTIONCTL, "--endpoint", endpoints(cluster, leader), "watch"},
                        folder / "lines");
    const std::string first = " leader=" + std::to_string(leader) + " ";
    const auto lines = [&] { return read(folder / "lines"); };
    ASSERT_TRUE(wait_until([&] { return lines().find(first) != std::string::npos; })) << lines();

    cluster.kill9(leader);

    const int next = cluster.await_leader();
    ASSERT_NE(next, 0);
    const std::string last = " leader=" + std::to_string(next) + " ";
    EXPECT_TRUE(wait_until([&] { return lines().find(last) != std::string::npos; })) << lines();
    // In between there may be an event that no node leads; no event comes twice.
    EXPECT_THAT(lines(),
                MatchesRegex("[^\n]*" + first + "[^\n]*\n([^\n]* no-leader [^\n]*\n)?[^\n]*" +
                             last + "[^\n]*\n"));
}

TEST(WatchOfTheCluster, TellsNothingOfANodeThatIsKilledAndDoesNotLead) {
    ShownCluster cluster;
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    const int followed = leader % 3 + 1;
    const Folder folder;
    const Process watch({ELECTIONCTL, "--endpoint", endpoints(cluster, followed), "watch"},
                        folder / "lines");
    const auto lines = [&] { return read(folder / "lines"); };
    ASSERT_TRUE(wait_until([&] { return !lines().empty(); }));

    cluster.kill9(followed);
    // Named: the leader does not know yet that the other one is dead.
    const auto third = std::to_string(6 - leader - followed);
    ASSERT_EQ(cluster.post(leader, "/step-down", R"({"to":")" + third + R"("})").code, 200);

    const std::string second = " leader=" + third + " ";
    EXPECT_TRUE(wait_until([&] { return lines().find(second) != std::string::npos; })) << lines();
    EXPECT_THAT(lines(),
                MatchesRegex("[^\n]* leader=" + std::to_string(leader) +
                             " [^\n]*\n([^\n]* no-leader [^\n]*\n)?[^\n]*" + second + "[^\n]*\n"));
}

}  // namespace
}  // namespace electiond::cluster
