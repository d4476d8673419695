// The families of simulations among which a hunt takes turns.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "support/sim_cluster.h"

namespace electiond::sim {

// One simulation: what it is to play, and afterwards how far it came.
struct Stage {
    const std::uint64_t seed;
    SimSettings settings{};
    std::unique_ptr<SimCluster> cluster{};

    // How often its family has had its turn.
    [[nodiscard]] std::uint64_t turn() const;

    SimCluster& build() {
        settings.seed = seed;
        cluster = std::make_unique<SimCluster>(settings);
        return *cluster;
    }
};

// Throws Fault where the referee speaks.
struct Family {
    std::string_view name;
    void (*play)(Stage& stage);
};

[[nodiscard]] std::span<const Family> families();

}  // namespace electiond::sim
