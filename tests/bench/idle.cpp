// idle: what a quiet cluster costs: processor time and memory of each node.
#include <unistd.h>

#include <cstdio>
#include <sstream>
#include <thread>

#include "bench.h"

namespace electiond::cluster {
namespace {

// In clock ticks: utime and stime, the 14th and 15th field.
long processor_time(pid_t pid) {
    const auto text = read("/proc/" + std::to_string(pid) + "/stat");
    std::istringstream rest(text.substr(text.rfind(')') + 2));
    std::string skipped;
    for (int field = 3; field < 14; ++field) rest >> skipped;
    long user = 0;
    long system = 0;
    rest >> user >> system;
    return user + system;
}

long resident_kb(pid_t pid) {
    const auto text = read("/proc/" + std::to_string(pid) + "/status");
    return std::stol(text.substr(text.find("VmRSS:") + 6));
}

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

    std::map<int, long> before;
    for (const int node : cluster.running()) {
        before[node] = processor_time(cluster.process(node).pid());
    }
    std::this_thread::sleep_for(std::chrono::seconds(options.number("seconds")));

    std::printf("idle for %d s: %s\n", options.number("seconds"), in_words(plan).c_str());
    for (const auto& [node, ticks] : before) {
        const auto pid = cluster.process(node).pid();
        const double used = static_cast<double>(processor_time(pid) - ticks) /
                            static_cast<double>(::sysconf(_SC_CLK_TCK));
        std::printf("  node %d %-8s  %5.2f %% of a core  %5.1f MB resident\n", node,
                    node == leader ? "leader" : "follower", 100 * used / options.number("seconds"),
                    static_cast<double>(resident_kb(pid)) / 1024);
    }
    return 0;
}

}  // namespace
}  // namespace electiond::cluster

int main(int argc, char** argv) { return electiond::cluster::measure(argc, argv); }
