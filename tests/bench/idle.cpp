// idle: what a quiet cluster costs: processor time, memory and wake-ups of each node.
#include <cstdio>
#include <thread>

#include "bench.h"
#include "usage.h"

namespace electiond::cluster {
namespace {

int measure(int argc, char** argv) {
    auto known = plan_options();
    known["election-timeout"] = "1000ms";
    known.insert({"seconds", "60"});
    const Options options(argc, argv, known);
    const auto plan = plan_of(options);
    LocalCluster cluster(plan);
    cluster.start_all();
    const int leader = cluster.await_leader(plan.nodes);
    if (leader == 0) give_up(cluster, "nobody leads");
    // Past growth, the first hellos and what starting cost.
    std::this_thread::sleep_for(3 * plan.election_timeout);

    std::map<int, Usage> before;
    for (const int node : cluster.running()) before[node] = usage_of(cluster.process(node).pid());
    std::this_thread::sleep_for(std::chrono::seconds(options.number("seconds")));

    std::printf("idle for %d s: %s\n", options.number("seconds"), in_words(plan).c_str());
    for (const auto& [node, then] : before) {
        const auto now = usage_of(cluster.process(node).pid());
        const double seconds = options.number("seconds");
        std::printf(
            "  node %d %-8s  %6.3f %% of a core  %5.1f MB resident  %6.1f wake-ups a second\n",
            node, node == leader ? "leader" : "follower",
            100 * (now.processor_seconds - then.processor_seconds) / seconds, now.resident_mb,
            static_cast<double>(now.wake_ups - then.wake_ups) / seconds);
    }
    return 0;
}

}  // namespace
}  // namespace electiond::cluster

int main(int argc, char** argv) { return electiond::cluster::measure(argc, argv); }
