// Scenario families over many seeds: the referee watches every event.
#include <gtest/gtest.h>

#include "support/sim_cluster.h"

namespace electiond::sim {
namespace {

TEST(Simulation, ThreeNodesElect) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SimCluster cluster({.seed = seed});
        cluster.fair.loss = cluster.network.weather.loss = 100;
        cluster.add_and_start(3);
        cluster.expect_leader(std::chrono::seconds(10));
        cluster.run(std::chrono::seconds(60));
    }
}

}  // namespace
}  // namespace electiond::sim
