// scale_simulated: what grows with the number of nodes, in virtual time: fail-over, messages and
// bytes a second, and the processor time of the steps.
#include <algorithm>
#include <cstdio>
#include <numeric>

#include "bench.h"
#include "crash_trials.h"
#include "latencies.h"

namespace electiond::sim {
namespace {

struct Size {
    std::size_t voters;
    std::size_t observers;
};

constexpr Size kSizes[] = {{3, 0}, {5, 0},  {7, 0},  {15, 0}, {25, 0},
                           {3, 7}, {3, 22}, {3, 50}, {3, 97}};

void measure_one(const Size& size, const cluster::Options& options) {
    CrashTrials cluster({.voters = size.voters,
                         .observers = size.observers,
                         .timing = Timing::from(options.duration("election-timeout")),
                         .seed = static_cast<std::uint64_t>(options.number("seed"))});
    const auto costs = cluster.costs(std::chrono::seconds(options.number("calm")));
    const auto& leader = costs.front();
    const auto total = std::accumulate(
        costs.begin() + 1, costs.end(), Cost{}, [](const Cost& sum, const Cost& each) {
            return Cost{.messages = sum.messages + each.messages,
                        .bytes = sum.bytes + each.bytes,
                        .processor_ms = sum.processor_ms + each.processor_ms};
        });
    const auto followers = static_cast<double>(costs.size() - 1);
    cluster::Latencies times;
    for (int i = 0; i < options.number("trials"); ++i) times.add_ms(cluster.crash());
    std::printf("%6zu %9zu %7.1f %6.1f %7.1f %9.0f %7.1f %9.1f %7.2f %7.2f %8.3f\n", size.voters,
                size.observers, times.median(), times.p99(), times.max(), leader.messages,
                leader.bytes / 1e3, total.messages / followers, total.bytes / followers / 1e3,
                leader.processor_ms, total.processor_ms / followers);
    std::fflush(stdout);
}

void measure(const cluster::Options& options) {
    const auto timeout = options.duration("election-timeout");
    std::printf(
        "E = %lld ms, H = %lld ms, %d trials a row; a second of calm\n"
        "                fail-over (ms)           leader sends      a follower sends   steps, ms a "
        "second\n"
        "voters observers  median    p99 longest  messages      KB  messages      KB  leader "
        "follower\n",
        static_cast<long long>(timeout.count()),
        static_cast<long long>(Timing::from(timeout).heartbeat.count()), options.number("trials"));
    if (options.number("voters") > 0) {
        return measure_one({static_cast<std::size_t>(options.number("voters")),
                            static_cast<std::size_t>(options.number("observers"))},
                           options);
    }
    for (const auto& size : kSizes) measure_one(size, options);
}

}  // namespace
}  // namespace electiond::sim

int main(int argc, char** argv) {
    const electiond::cluster::Options options(argc, argv,
                                              {{"election-timeout", "500ms"},
                                               {"trials", "100"},
                                               {"calm", "10"},
                                               {"seed", "1"},
                                               {"voters", "0"},
                                               {"observers", "0"}});
    return electiond::sim::run_reporting_faults([&] { electiond::sim::measure(options); });
}
