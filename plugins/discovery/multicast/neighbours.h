// Who has been heard in the group, and for how long that counts.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <electiond/peer.h>

#include "multicast/datagram.h"

namespace electiond::discovery {

// A value; no clock of its own. Bounded: where it is full, newcomers wait until somebody is
// forgotten, so a flood of made-up nodes cannot push out the known ones.
class Neighbours {
  public:
    using Instant = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::seconds kForgetAfter{30};
    static constexpr std::size_t kCountMax = 256;

    // Takes in a `here` or a `bye`.
    void hear(const Datagram& datagram, Instant now);

    // Those heard within kForgetAfter; forgets the others.
    [[nodiscard]] std::vector<Peer> known(Instant now);

  private:
    struct Heard {
        Peer peer;
        Instant at;
    };

    void forget_silent(Instant now);

    std::map<std::string, Heard> heard_;  // by uuid, or by id where a node tells no uuid
};

}  // namespace electiond::discovery
