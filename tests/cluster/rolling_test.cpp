// Rolling restarts, gated by nothing but /readyz of the node restarted last.
#include <string>

#include "cluster_test.h"

namespace electiond::cluster {
namespace {

using std::chrono::steady_clock;

// tests/long.sh rolling sets it. Without it one round is run, only as far as to the node whose end
// would cost the quorum if the ones before it did not count again, with limits for a busy machine.
int rounds_wanted() { return times_wanted("ELECTIOND_ROLLING_ROUNDS", 0); }

struct Roll {
    int nodes;
    bool wiped;  // each node comes back with an empty data directory
};

class Rolling : public testing::TestWithParam<Roll> {
  protected:
    Rolling() : cluster_({.nodes = GetParam().nodes, .election_timeout = Milliseconds{500}}) {}

    // Ends one node, by SIGKILL or, in every other round, by SIGTERM; the others must lead on, or
    // elect. Then starts it again and waits until it says that the next one may go.
    void restart(int node, int round) {
        SCOPED_TRACE("round " + std::to_string(round) + ", node " + std::to_string(node));
        const auto begin = steady_clock::now();
        if (round % 2 == 0) {
            ASSERT_EQ(cluster_.stop(node), 0);
        } else {
            cluster_.kill9(node);
        }
        ASSERT_TRUE(wait_until([&] { return cluster_.leader().has_value(); }, limit_))
            << "the quorum is lost: node " << node << " was restarted while the last was not back";
        longest_ = std::max(longest_, steady_clock::now() - begin);
        if (GetParam().wiped) cluster_.wipe(node);
        const auto restarted = steady_clock::now();
        cluster_.start(node);
        ASSERT_TRUE(wait_until([&] { return cluster_.get(node, "/readyz").code == 200; },
                               std::chrono::seconds(60)))
            << cluster_.get(node, "/readyz").body;
        slowest_ = std::max(slowest_, steady_clock::now() - restarted);
    }

    ShownCluster cluster_;
    Milliseconds limit_{20'000};
    steady_clock::duration longest_{}, slowest_{};
};

TEST_P(Rolling, NeverLosesTheQuorum) {
    const int nodes = GetParam().nodes;
    const int rounds = std::max(1, rounds_wanted());
    if (rounds_wanted() > 0) limit_ = 2 * cluster_.plan().election_timeout;
    cluster_.start_all();
    ASSERT_NE(cluster_.await_leader(nodes), 0);
    for (int node = 1; node <= nodes; ++node) {
        ASSERT_TRUE(wait_until([&] { return cluster_.get(node, "/readyz").code == 200; }));
    }
    for (int round = 1; round <= rounds; ++round) {
        const int restarts = rounds_wanted() > 0 ? nodes : nodes / 2 + 1;
        for (int i = 0; i < restarts; ++i) {
            ASSERT_NO_FATAL_FAILURE(restart((round + i) % nodes + 1, round));
        }
        ASSERT_NE(cluster_.await_leader(nodes), 0) << "round " << round;
    }
    const auto in_ms = [](auto time) {
        return std::to_string(std::chrono::duration_cast<Milliseconds>(time).count());
    };
    RecordProperty("longest_without_leader_ms", in_ms(longest_));
    std::cout << nodes << " nodes, " << (GetParam().wiped ? "without" : "with") << " data, "
              << rounds << " rounds: a leader within " << in_ms(longest_)
              << " ms of each end, ready within " << in_ms(slowest_) << " ms of each start\n";
}

INSTANTIATE_TEST_SUITE_P(
    All, Rolling, testing::Values(Roll{3, false}, Roll{3, true}, Roll{5, false}, Roll{5, true}),
    [](const auto& one) {
        return std::to_string(one.param.nodes) + (one.param.wiped ? "WithoutData" : "WithData");
    });

}  // namespace
}  // namespace electiond::cluster
