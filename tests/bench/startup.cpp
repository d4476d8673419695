// startup: how long blank nodes, started in the same instant, take to name the same leader; and
// that they become one cluster.
#include <cstdio>
#include <deque>
#include <set>
#include <thread>

#include "bench.h"
#include "probe.h"

namespace electiond::cluster {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLongest{60};

// From the last start on, until all name one leader, which says so itself.
double agree(LocalCluster& cluster, Clock::time_point from) {
    std::deque<Probe> probes;
    for (int node = 1; node <= cluster.plan().nodes; ++node) {
        probes.emplace_back(cluster.api_port(node), "GET /status");
    }
    for (;; std::this_thread::sleep_for(Milliseconds{1})) {
        std::set<std::string> leaders;
        bool led = false;
        for (auto& probe : probes) {
            leaders.insert(probe.ask() == 200 ? probe.text("leaderId") : "");
            led = led || probe.text("state") == "LEADER";
        }
        if (led && leaders.size() == 1 && !leaders.contains("")) {
            return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
        }
        if (Clock::now() > from + kLongest) give_up(cluster, "the nodes do not agree");
    }
}

int measure(int argc, char** argv) {
    auto known = plan_options();
    known.insert({"times", "50"});
    const Options options(argc, argv, known);
    const auto plan = plan_of(options);
    std::vector<double> taken;
    for (int i = 0; i < options.number("times"); ++i) {
        LocalCluster cluster(plan);
        cluster.start_all();
        taken.push_back(agree(cluster, Clock::now()));
        if (cluster.await_leader(plan.nodes) == 0) give_up(cluster, "not all become voters");
        std::set<std::string> ids;
        for (int node = 1; node <= plan.nodes; ++node) {
            ids.insert(cluster.get(node, "/status").text("clusterId"));
        }
        if (ids.size() != 1 || ids.contains(""))
            give_up(cluster, "more than one cluster was founded");
    }
    print_figures("simultaneous start of blank nodes: " + in_words(plan), taken,
                  plan.election_timeout);
    std::printf("  clusters founded: 1 each time\n");
    return 0;
}

}  // namespace
}  // namespace electiond::cluster

int main(int argc, char** argv) { return electiond::cluster::measure(argc, argv); }
