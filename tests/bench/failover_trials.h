// A cluster of real processes whose leader is killed, or steps down, again and again.
#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <string>

#include "local_cluster.h"
#include "probe.h"

namespace electiond::cluster {

// Ends the program with the nodes' logs if the cluster does not do what it must.
class FailoverTrials {
  public:
    // Starts `plan.nodes` voters and these observers. `request` is what clients ask all the time.
    explicit FailoverTrials(const Plan& plan, int observers = 0,
                            std::string request = "HEAD /leader");

    // From the next settling on, a blow falls within one heartbeat interval, after half an election
    // timeout. By default it falls within another half.
    void strike_within(Milliseconds heartbeat) { window_ = heartbeat; }

    // Kills the leader. The milliseconds until another answers 200. Then starts it again.
    double kill();
    // From the last 200 of the old leader to the first of the new one.
    double hand_over();

    [[nodiscard]] int leader() const { return leader_; }
    [[nodiscard]] double terms_used() {
        return static_cast<double>(cluster_.term(leader_) - first_term_);
    }
    [[nodiscard]] std::string logs() const { return cluster_.logs(); }
    [[nodiscard]] LocalCluster& cluster() { return cluster_; }

  private:
    using Clock = std::chrono::steady_clock;

    std::deque<Probe> probes_of_others();
    Clock::time_point await_lead(std::deque<Probe>& probes, Clock::time_point from);
    void settle();
    [[nodiscard]] bool all_acked();

    LocalCluster cluster_;
    const int nodes_;
    const std::string request_;
    Milliseconds window_;  // of a blow
    std::mt19937 random_{std::random_device{}()};
    int leader_ = 0;
    std::int64_t first_term_ = 0;
};

}  // namespace electiond::cluster
