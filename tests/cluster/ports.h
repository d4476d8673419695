// Ports that no other test on this machine uses at the same time.
#pragma once

#include <cstdint>

namespace electiond::cluster {

// A run of 50 ports below those that the system hands out by itself. A lock file keeps it from
// other test processes until the object goes; what some other program listens on is passed over.
class Ports {
  public:
    static constexpr int kSize = 50;

    Ports();
    Ports(const Ports&) = delete;
    Ports& operator=(const Ports&) = delete;
    ~Ports();

    [[nodiscard]] std::uint16_t first() const { return first_; }
    // One that this object has not yet given; throws std::runtime_error where all are.
    [[nodiscard]] std::uint16_t next();

  private:
    int lock_ = -1;
    std::uint16_t first_ = 0;
    int given_ = 0;
};

}  // namespace electiond::cluster
