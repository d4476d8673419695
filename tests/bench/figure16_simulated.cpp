// figure16_simulated: the rows of figure 16 of the Raft paper in virtual time: how soon a crashed
// leader of five nodes is replaced, with fixed and spread timeouts.
#include <algorithm>
#include <cstdio>

#include "bench.h"
#include "crash_trials.h"
#include "figure16_rows.h"
#include "latencies.h"

namespace electiond::sim {
namespace {

constexpr int kTrialsOfOneCluster = 100;

void measure(const cluster::Options& options) {
    const auto round_trip = options.duration("round-trip");
    const int trials = options.number("trials");
    std::printf("%d nodes, round trips of at most %lld ms, %d trials a row\n%s\n",
                options.number("nodes"), static_cast<long long>(round_trip.count()), trials,
                cluster::kFigure16Head);
    for (const auto& row : cluster::kFigure16) {
        if (row.timeout < options.duration("timeout-from")) continue;
        cluster::Latencies times;
        auto seed = static_cast<std::uint64_t>(options.number("seed"));
        while (static_cast<int>(times.size()) < trials) {
            auto timing = Timing::from(row.timeout);
            timing.election_spread = row.spread;
            timing.heartbeat = row.heartbeat();
            timing.request_timeout = row.request_timeout();
            CrashTrials cluster({.voters = static_cast<std::size_t>(options.number("nodes")),
                                 .timing = timing,
                                 .round_trip = round_trip,
                                 .seed = seed++});
            for (int i = 0; i < kTrialsOfOneCluster && static_cast<int>(times.size()) < trials;
                 ++i) {
                times.add_ms(cluster.crash());
            }
        }
        cluster::print_row(row, times);
        std::printf("\n");
        std::fflush(stdout);
    }
}

}  // namespace
}  // namespace electiond::sim

int main(int argc, char** argv) {
    const electiond::cluster::Options options(argc, argv,
                                              {{"nodes", "5"},
                                               {"trials", "1000"},
                                               {"timeout-from", "0ms"},
                                               {"round-trip", "4ms"},
                                               {"seed", "1"}});
    return electiond::sim::run_reporting_faults([&] { electiond::sim::measure(options); });
}
