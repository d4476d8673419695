// The nodes that were heard in the group, and when each is forgotten.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <electiond/peer.h>

#include "multicast/datagram.h"

namespace electiond::discovery {

// A value; has no clock of its own. Bounded: if it is full, new nodes are ignored until one is
// forgotten, so a flood of invented nodes cannot displace the known ones.
class Neighbours {
  public:
    using Instant = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::seconds kForgetAfter{30};
    static constexpr std::size_t kCountMax = 256;

    // Handles a `here` or a `bye`.
    void hear(const Datagram& datagram, Instant now);

    // The nodes heard within kForgetAfter; forgets the others.
    [[nodiscard]] std::vector<Peer> known(Instant now);

  private:
    struct Heard {
        Peer peer;
        Instant at;
    };

    void forget_silent(Instant now);

    std::map<std::string, Heard> heard_;  // by uuid, or by id if a node sends no uuid
};

}  // namespace electiond::discovery
