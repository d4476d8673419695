// Watches a cluster while something is done to it: round trips of heartbeats, elections, and what
// the leader's process holds.
#pragma once

#include <cstdint>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

#include "latencies.h"
#include "usage.h"

namespace electiond::cluster {

// Has a thread of its own from its making to end(). Figures are there after end().
class Watch {
  public:
    struct Node {
        std::uint16_t api = 0;
        pid_t pid = 0;
    };
    // Round trips are asked of the leader, elections of a follower: whatever keeps the leader from
    // answering, the follower sees the terms go by.
    Watch(const Node& leader, const Node& follower);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() { end(); }

    void end();

    // Of single heartbeats: taken from the smoothed ones that GET /members shows.
    [[nodiscard]] const Latencies& round_trips() const { return round_trips_; }
    // How many terms have begun, won or not.
    [[nodiscard]] std::uint64_t elections() const { return last_term_ - first_term_; }
    // More than one if the lead has changed.
    [[nodiscard]] const std::set<std::string>& leaders() const { return leaders_; }
    // The most of each, looked at once a second.
    [[nodiscard]] const Usage& peak() const { return peak_; }

  private:
    void run(const std::stop_token& stop);
    void take_round_trips(const std::string& members);

    const Node leader_, follower_;
    Latencies round_trips_;
    std::vector<double> smoothed_;  // as last seen, in the order of the members
    std::uint64_t first_term_ = 0, last_term_ = 0;
    std::set<std::string> leaders_;
    Usage peak_;
    std::jthread thread_;
};

}  // namespace electiond::cluster
