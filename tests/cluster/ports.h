// Ports that no other test on this machine uses at the same time.
#pragma once

#include <cstdint>

namespace electiond::cluster {

// A range of 125 ports below those that the system assigns itself. A lock file reserves it against
// other test processes as long as the object exists; ports that another program uses are skipped.
class Ports {
  public:
    static constexpr int kSize = 125;  // for two of each of 60 nodes

    Ports();
    Ports(const Ports&) = delete;
    Ports& operator=(const Ports&) = delete;
    ~Ports();

    [[nodiscard]] std::uint16_t first() const { return first_; }
    // A port that this object has not returned yet; throws std::runtime_error if there is none
    // left.
    [[nodiscard]] std::uint16_t next();

  private:
    int lock_ = -1;
    std::uint16_t first_ = 0;
    int given_ = 0;
};

}  // namespace electiond::cluster
