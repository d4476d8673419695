// Nodes are replaced one by one by another version of electiond, and back, while a client asks
// without a pause who leads: only hand-overs may leave a time without a leader.
#include <atomic>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <string>
#include <thread>

#include "cluster_test.h"
#include "probe.h"

namespace electiond::cluster {
namespace {

using std::chrono::steady_clock;

// tests/long.sh upgrade sets both: how often up and down, and the other version.
int rounds_wanted() { return times_wanted("ELECTIOND_UPGRADE_ROUNDS", 1); }
std::string other_version() {
    const char* path = std::getenv("ELECTIOND_UPGRADE_OTHER");
    return path ? path : ELECTIOND_NEXT;
}

// Asks each node every millisecond whether it leads, on a thread of its own, until it is destroyed.
class Client {
  public:
    explicit Client(const LocalCluster& cluster) {
        for (int node = 1; node <= cluster.plan().nodes; ++node) {
            probes_.emplace_back(cluster.api_port(node), "GET /leader");
        }
        thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }

    // The longest time between two answers that a node leads, and how many answers there were.
    [[nodiscard]] Milliseconds longest() const { return longest_; }
    [[nodiscard]] std::uint64_t answers() const { return answers_; }

  private:
    void run(const std::stop_token& stop) {
        for (auto last = steady_clock::now(); !stop.stop_requested();
             std::this_thread::sleep_for(Milliseconds{1})) {
            for (auto& probe : probes_) {
                if (probe.ask() != 200) continue;
                const auto now = steady_clock::now();
                const auto gap = std::chrono::ceil<Milliseconds>(now - last);
                longest_ = std::max(longest_.load(), gap);
                last = now;
                ++answers_;
            }
        }
    }

    std::deque<Probe> probes_;
    std::atomic<Milliseconds> longest_{};
    std::atomic<std::uint64_t> answers_ = 0;
    std::jthread thread_;
};

class RollingUpgrade : public testing::TestWithParam<std::string> {
  protected:
    RollingUpgrade()
        : cluster_({.transport = GetParam(), .election_timeout = Milliseconds{3000}}) {}

    void await_ready(int node) {
        ASSERT_TRUE(wait_until([&] { return cluster_.get(node, "/readyz").code == 200; },
                               std::chrono::seconds(60)))
            << cluster_.get(node, "/readyz").body;
    }

    // The leader last.
    void replace_all(const std::string& program) {
        const auto leader = cluster_.leader();
        ASSERT_TRUE(leader);
        for (int next = 1; next <= 3; ++next) {
            const int node = (*leader + next - 1) % 3 + 1;
            SCOPED_TRACE("node " + std::to_string(node) + " becomes " + program);
            ASSERT_EQ(cluster_.stop(node), 0);
            cluster_.install(node, program);
            cluster_.start(node);
            ASSERT_NO_FATAL_FAILURE(await_ready(node));
        }
    }

    ShownCluster cluster_;
};

TEST_P(RollingUpgrade, AndDowngradeCostTwoHandOvers) {
    cluster_.start_all();
    ASSERT_NE(cluster_.await_leader(3), 0);
    for (int node = 1; node <= 3; ++node) ASSERT_NO_FATAL_FAILURE(await_ready(node));
    const auto term = cluster_.term(1);
    const Client client(cluster_);

    for (int round = 0; round < rounds_wanted(); ++round) {
        ASSERT_NO_FATAL_FAILURE(replace_all(other_version()));
        ASSERT_NO_FATAL_FAILURE(replace_all(cluster_.plan().program));
    }

    ASSERT_NE(cluster_.await_leader(3), 0);
    EXPECT_EQ(cluster_.term(1), term + 2 * rounds_wanted()) << "one hand-over each way";
    EXPECT_LT(client.longest(), cluster_.plan().election_timeout * 2 / 3) << "nobody has elected";
    EXPECT_GT(client.answers(), 100U);
    std::cout << GetParam() << ": " << rounds_wanted()
              << " upgrades and downgrades of three nodes, " << client.answers()
              << " answers of a leader, the longest time without one " << client.longest().count()
              << " ms\n";
}

// That the other version has spoken, and been heard.
TEST_P(RollingUpgrade, IsOfNodesThatDoNotKnowAllThatTheyHear) {
    cluster_.install(1, ELECTIOND_NEXT);
    cluster_.configure(1, "ELECTIOND_NODE_PRIORITY=200");
    cluster_.start_all();
    ASSERT_NE(cluster_.await_leader(3), 0);
    ASSERT_TRUE(wait_until([&] { return cluster_.leader() == 1; }));

    EXPECT_TRUE(wait_until([&] {
        return read(cluster_.log(2)).find("message refused: news reason=unknown") !=
               std::string::npos;
    })) << "an unknown request";
    EXPECT_THAT(read(cluster_.data(1) / "state"), testing::HasSubstr(R"("news":)"));
    EXPECT_THAT(read(cluster_.data(2) / "state"), testing::Not(testing::HasSubstr(R"("news":)")));
}

INSTANTIATE_TEST_SUITE_P(Over, RollingUpgrade, testing::Values("http", "tcp"),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace electiond::cluster
