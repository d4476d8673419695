// scale: what grows with the number of real nodes on one machine: processor time, memory and
// wake-ups of each, traffic, and fail-over. The traffic is that of the loopback interface: run it
// in a network namespace of its own.
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "bench.h"
#include "failover_trials.h"
#include "latencies.h"
#include "usage.h"

namespace electiond::cluster {
namespace {

struct Traffic {
    double bytes = 0;
    double packets = 0;
};

// What `lo` has received since it is up.
Traffic traffic() {
    std::ifstream file("/proc/self/net/dev");
    for (std::string line; std::getline(file, line);) {
        const auto name = line.find("lo:");
        if (name == std::string::npos) continue;
        Traffic seen;
        std::istringstream(line.substr(name + 3)) >> seen.bytes >> seen.packets;
        return seen;
    }
    return {};
}

struct Cost {
    double percent = 0;  // of a core
    double resident_mb = 0;
    double wake_ups = 0;  // a second
};

void measure_one(Plan plan, int voters, int observers, const Options& options) {
    plan.nodes = voters;
    FailoverTrials trials(plan, observers);
    auto& cluster = trials.cluster();
    const double seconds = options.number("seconds");
    std::map<int, Usage> before;
    for (const int node : cluster.running()) before[node] = usage_of(cluster.process(node).pid());
    const auto received = traffic();
    std::this_thread::sleep_for(std::chrono::seconds(options.number("seconds")));
    const auto now_received = traffic();
    Cost leader, others;
    for (const auto& [node, then] : before) {
        const auto now = usage_of(cluster.process(node).pid());
        auto& cost = node == trials.leader() ? leader : others;
        cost.percent += 100 * (now.processor_seconds - then.processor_seconds) / seconds;
        cost.resident_mb += now.resident_mb;
        cost.wake_ups += static_cast<double>(now.wake_ups - then.wake_ups) / seconds;
    }
    const double followers = voters + observers - 1;
    Latencies times;
    for (int i = 0; i < options.number("kills"); ++i) times.add_ms(trials.kill());
    std::printf("%6d %9d %7.2f %8.3f %6.1f %8.1f %6.0f %8.0f %8.0f %8.1f %7.0f %7.0f %7.0f\n",
                voters, observers, leader.percent, others.percent / followers, leader.resident_mb,
                others.resident_mb / followers, leader.wake_ups, others.wake_ups / followers,
                (now_received.packets - received.packets) / seconds,
                (now_received.bytes - received.bytes) / seconds / 1e3, times.median(), times.p99(),
                times.max());
    std::fflush(stdout);
}

int measure(int argc, char** argv) {
    auto known = plan_options();
    known["transport"] = "tcp";
    known.insert({{"seconds", "20"}, {"kills", "20"}, {"voters", "0"}, {"observers", "0"}});
    const Options options(argc, argv, known);
    const auto plan = plan_of(options);
    std::printf(
        "%s, E = %lld ms, %d kills a row\n"
        "                 %% of a core         MB resident      wake-ups/s       all nodes       "
        "fail-over (ms)\n"
        "voters observers  leader follower leader follower leader follower packets/s   KB/s  "
        "median     p99 longest\n",
        plan.transport.c_str(), static_cast<long long>(plan.election_timeout.count()),
        options.number("kills"));
    if (options.number("voters") > 0) {
        measure_one(plan, options.number("voters"), options.number("observers"), options);
        return 0;
    }
    for (const auto& [voters, observers] :
         {std::pair(3, 0), std::pair(7, 0), std::pair(15, 0), std::pair(25, 0), std::pair(3, 10),
          std::pair(3, 20), std::pair(3, 50)}) {
        measure_one(plan, voters, observers, options);
    }
    return 0;
}

}  // namespace
}  // namespace electiond::cluster

int main(int argc, char** argv) { return electiond::cluster::measure(argc, argv); }
