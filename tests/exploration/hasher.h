// Makes one number of many, so that 64 bits distinguish two states.
#pragma once

#include <cstdint>

namespace electiond::exploration {

// A value. Not for secrets: two different states share a number once in 2^64.
class Hasher {
  public:
    Hasher& add(std::uint64_t value) {
        std::uint64_t mixed = state_ + value * 0x9e3779b97f4a7c15 + 0x632be59bd9b4e019;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        state_ = mixed ^ (mixed >> 31);
        return *this;
    }
    [[nodiscard]] std::uint64_t value() const { return state_; }

  private:
    std::uint64_t state_ = 0;
};

}  // namespace electiond::exploration
