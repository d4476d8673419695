// Plays one scenario over many seeds, a share of them in each test, so that ctest can spread them.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include <gtest/gtest.h>

#include "support/sim_cluster.h"

namespace electiond::sim {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int kSlowness = 50;
#elif !defined(ELECTIOND_OPTIMIZED)
inline constexpr int kSlowness = 5;
#else
inline constexpr int kSlowness = 1;
#endif

inline constexpr int kShares = 2;

// SIM_SEED=17 plays that seed alone. The seed is printed before it is played: a broken invariant
// ends the process.
inline void over_seeds(int share, int seeds, const std::function<void(std::uint64_t)>& play) {
    const auto one = [&](std::uint64_t seed) {
        std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
        std::fflush(stdout);
        try {
            play(seed);
        } catch (const Fault& fault) {
            ADD_FAILURE() << fault.what();
        }
        return !::testing::Test::HasFailure();
    };
    if (const char* only = std::getenv("SIM_SEED")) {
        one(std::strtoull(only, nullptr, 10));
        return;
    }
    const int count = std::max(1, seeds / kSlowness / kShares);
    for (int i = 0; i < count; ++i) {
        if (!one(static_cast<std::uint64_t>(1 + share * count + i))) return;
    }
}

}  // namespace electiond::sim
