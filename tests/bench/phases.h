// What nodes that start wait for, as their logs at level debug tell it.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "local_cluster.h"

namespace electiond::cluster {

// The names of the phases, in their order. The first four are those of one node each; in the others
// the nodes wait for each other, so they begin when the last node takes part.
[[nodiscard]] const std::vector<std::string>& phase_names(bool restart);

// Remembers where each node's log ends, and the time: create it right before the start.
class Phases {
  public:
    Phases(const LocalCluster& cluster, bool restart);

    // Of this start, in the order of the names: each phase of one node once for each node, in ms.
    // Waits until the logs are complete; gives up if they do not get so.
    [[nodiscard]] std::vector<std::vector<double>> read() const;

  private:
    // When each line of a node's log was written, since the start, in ms.
    struct Line {
        double at;
        std::string text;
    };
    [[nodiscard]] std::vector<Line> lines(int node) const;

    const LocalCluster& cluster_;
    const bool restart_;
    const std::chrono::system_clock::time_point began_;
    std::vector<std::uintmax_t> sizes_;
};

}  // namespace electiond::cluster
