// A simulated cluster whose leader is crashed again and again.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "support/sim_cluster.h"

namespace electiond::sim {

struct Shape {
    std::size_t voters = 3;
    std::size_t observers = 0;
    Timing timing{};
    Milliseconds round_trip{4};  // the longest; the shortest is a tenth of it
    std::uint64_t seed = 1;
};

// What one node has sent, and the processor time that its steps took.
struct Cost {
    double messages = 0;  // requests and responses
    double bytes = 0;     // of their bodies
    double processor_ms = 0;
};

// The nodes run the real code; clocks, network and disks are those of tests/support. The first
// voter founds the cluster, and the constructor returns when all nodes have their role.
class CrashTrials {
  public:
    explicit CrashTrials(const Shape& shape);

    // Crashes the leader at a random moment of a heartbeat interval. Returns the milliseconds until
    // another node leads. Then starts the crashed one again, and waits until all follow one leader.
    [[nodiscard]] double crash();

    // What each node costs in a second in which nothing happens, over `length`; that of the leader
    // first.
    [[nodiscard]] std::vector<Cost> costs(Duration length);

  private:
    void settle();
    [[nodiscard]] bool is_whole();
    void count(const Departure& departure);

    const Shape shape_;
    SimCluster cluster_;
    std::function<void(const Departure&)> referee_;
    std::vector<Cost> costs_;
};

// Runs the main part of a program; prints a fault that the referee finds, and returns 1 then.
int run_reporting_faults(const std::function<void()>& main_part);

}  // namespace electiond::sim
