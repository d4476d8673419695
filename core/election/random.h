// A seeded generator (xoshiro256**), the same on every machine: chance comes in as a seed.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>

#include "election/timing.h"

namespace electiond {

// Not for secrets. A value type; not shared between threads.
class Random {
  public:
    using Seed = std::array<std::uint64_t, 4>;

    // For real nodes: 256 bits of entropy, not all zero.
    explicit Random(const Seed& seed) : state_(seed) {
        if ((seed[0] | seed[1] | seed[2] | seed[3]) == 0) state_[0] = 1;
    }

    // For simulations: splitmix64 spreads one number over the state.
    explicit Random(std::uint64_t seed) {
        for (auto& word : state_) {
            seed += 0x9e3779b97f4a7c15;
            std::uint64_t z = seed;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
            word = z ^ (z >> 31);
        }
    }

    std::uint64_t next() {
        const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
        const std::uint64_t t = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

    // Uniform in [0, bound). The bias of the remainder is below 2^-30 for the bounds used here.
    std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }

    // Uniform in [0, length).
    Duration below(Duration length) {
        return Duration(
            static_cast<Duration::rep>(below(static_cast<std::uint64_t>(length.count()))));
    }

    // True in `per_mille` of 1000 cases.
    bool chance(std::uint64_t per_mille) { return below(std::uint64_t{1000}) < per_mille; }

    // 128 random bits as 32 hexadecimal digits: a uuid, a cluster id.
    std::string identity() {
        static constexpr char kDigits[] = "0123456789abcdef";
        std::string text;
        for (int word = 0; word < 2; ++word) {
            std::uint64_t bits = next();
            for (int digit = 0; digit < 16; ++digit, bits >>= 4) text += kDigits[bits & 15];
        }
        return text;
    }

  private:
    std::array<std::uint64_t, 4> state_{};
};

}  // namespace electiond
