// Injects random faults into a simulated cluster, and removes them after a while.
#pragma once

#include <cstdint>
#include <string>

#include "support/sim_cluster.h"

namespace electiond::sim {

// How often each kind occurs, relative to the others; 0: never.
struct Harm {
    unsigned crash = 0;      // a process dies; sometimes its machine with it
    unsigned disk = 0;       // a save fails, or the power is cut around it
    unsigned pause = 0;      // a process is paused, sometimes longer than any lease
    unsigned lag = 0;        // a loop is late in handling an event
    unsigned cut = 0;        // one link, one way
    unsigned part = 0;       // two halves, or one node alone
    unsigned weather = 0;    // loss, repeats, long delays, everywhere
    unsigned step_down = 0;  // an operator's command, often a foolish one
    unsigned stop = 0;       // a graceful stop, and a start
    unsigned rumours = 0;    // discovery forgets and lies
    unsigned restart_all = 0;
    unsigned join = 0;           // a new node, up to max_nodes
    unsigned lose_disk = 0;      // only if no earlier loss is still being repaired
    unsigned leave = 0;          // a node leaves or is removed, and comes back as a new member
    unsigned lost_campaign = 0;  // a node returns with a higher term than the leader's

    static Harm all() { return {5, 4, 4, 2, 5, 3, 3, 5, 3, 1, 1, 1, 1, 1, 2}; }
};

class Mischief {
  public:
    // One fault every `mean` on average while it runs. The cluster outlives it.
    Mischief(SimCluster& cluster, const Harm& harm, Duration mean, std::size_t max_nodes = 7)
        : cluster_(cluster), harm_(harm), mean_(mean), max_nodes_(max_nodes) {}

    // Injects faults for `length`. They remain then; SimCluster::heal() removes them.
    void run(Duration length);

    [[nodiscard]] std::uint64_t acts() const { return acts_; }

  private:
    void act();
    SimNode& any() { return cluster_.node(random().below(cluster_.nodes().size())); }
    Random& random() { return cluster_.random; }
    Duration while_at_most(int timeouts);
    void say(const std::string& what);
    void revive(SimNode& node, Duration wait);

    void crash();
    void disk();
    void pause();
    void lag();
    void cut();
    void deafen(std::size_t node);
    void part();
    void weather();
    void step_down();
    void stop();
    void spread_rumours();
    void restart_all();
    void join();
    [[nodiscard]] bool grown() const;
    [[nodiscard]] bool whole() const;
    void lose_disk();
    void leave();
    void lost_campaign();

    SimCluster& cluster_;
    const Harm harm_;
    const Duration mean_;
    const std::size_t max_nodes_;
    std::uint64_t acts_ = 0;
    Moment no_loss_until_{};     // no voter's disk is lost before that
    Moment no_removal_until_{};  // no operator removes a voter before that
};

// Nodes 0 and 1 of three are recovered alone, each as a cluster of its own under the old name, and
// node 2 stays down. Returns a new machine that does not run yet; discovery lists all nodes for it.
[[nodiscard]] SimNode& split_in_two(SimCluster& cluster);

}  // namespace electiond::sim
