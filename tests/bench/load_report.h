// What a load is, what came of it, and which bars it must keep.
#pragma once

#include <cstdint>

#include "bench.h"
#include "crowd.h"
#include "latencies.h"
#include "offered.h"
#include "usage.h"

namespace electiond::cluster {

struct LoadBars {
    Milliseconds livez_above{50};      // p99 above that of an idle responder
    Milliseconds heartbeat_above{20};  // p99 above that of an unloaded cluster
    int descriptors_percent = 10;      // above what there was before, after the cool-down
    int memory_percent = 10;

    [[nodiscard]] bool is_back(const Usage& before, const Usage& now) const;
};

struct LoadPlan {
    Plan cluster;
    CrowdPlan crowd;
    double rate = 10'000;  // requests a second
    int connections = 100;
    Milliseconds length, unloaded, control, cool_down;
    LoadBars bars;
};

struct Standing {
    int idle = 0, polls = 0, drippers = 0;
};

struct AttackFigures {
    Offered livez_kept, livez_fresh, offered;
    Crowd::Figures crowd;
    Standing standing;  // connections of the crowd when the offering ended
};

struct LoadFigures {
    Latencies unloaded_round_trips, loaded_round_trips;
    std::uint64_t elections = 0;
    std::size_t leaders = 0;
    Offered idle_kept, idle_fresh;  // of the idle responder, at the same time
    AttackFigures daemon;
    AttackFigures responder;  // under the same load afterwards, for comparison
    bool gathered = false;    // the whole crowd stood
    double gathering = 0;     // seconds
    Usage before, peak, after, back;
    double cooling = 0;                                       // seconds until `back`
    double own_cores = 0, nodes_cores = 0, leader_cores = 0;  // while requests were offered
};

void print(const LoadPlan& plan, const LoadFigures& figures);

// A line for each bar. True if all are kept.
bool print_verdicts(const LoadPlan& plan, const LoadFigures& figures);

}  // namespace electiond::cluster
