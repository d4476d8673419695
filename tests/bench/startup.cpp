// startup: how long blank nodes, started in the same instant, take to name the same leader; and
// that they become one cluster. --restart: the same nodes once more, after an orderly stop.
// --phases: what they wait for.
#include <algorithm>
#include <cstdio>
#include <deque>
#include <set>
#include <thread>

#include "bench.h"
#include "phases.h"
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

class Starts {
  public:
    Starts(bool restart, bool with_phases) : restart_(restart), with_phases_(with_phases) {}

    void measure(LocalCluster& cluster) {
        const Phases phases(cluster, restart_);
        cluster.start_all();
        taken_.push_back(agree(cluster, Clock::now()));
        if (!with_phases_) return;
        const auto read = phases.read();
        phases_.resize(read.size());
        for (std::size_t i = 0; i < read.size(); ++i) {
            phases_[i].insert(phases_[i].end(), read[i].begin(), read[i].end());
        }
    }

    void print(const Plan& plan) {
        print_figures(std::string("simultaneous ") +
                          (restart_ ? "restart of all nodes: " : "start of blank nodes: ") +
                          in_words(plan),
                      taken_, plan.election_timeout);
        if (phases_.empty()) return;
        std::printf("  %-30s %9s %9s\n", "phase, ms", "median", "max");
        for (std::size_t i = 0; i < phases_.size(); ++i) {
            auto& all = phases_[i];
            std::ranges::sort(all);
            std::printf("  %-30s %9.1f %9.1f\n", phase_names(restart_)[i].c_str(),
                        all[all.size() / 2], all.back());
        }
    }

  private:
    const bool restart_;
    const bool with_phases_;
    std::vector<double> taken_;
    std::vector<std::vector<double>> phases_;
};

int measure(int argc, char** argv) {
    auto known = plan_options();
    known.insert({{"times", "50"}, {"phases", "no"}, {"restart", "no"}});
    const Options options(argc, argv, known);
    auto plan = plan_of(options);
    if (options.is("phases")) plan.log_level = "debug";
    Starts fresh(false, options.is("phases"));
    Starts again(true, options.is("phases"));
    for (int i = 0; i < options.number("times"); ++i) {
        LocalCluster cluster(plan);
        fresh.measure(cluster);
        if (cluster.await_leader(plan.nodes) == 0) give_up(cluster, "not all become voters");
        std::set<std::string> ids;
        for (int node = 1; node <= plan.nodes; ++node) {
            ids.insert(cluster.get(node, "/status").text("clusterId"));
        }
        if (ids.size() != 1 || ids.contains(""))
            give_up(cluster, "more than one cluster was founded");
        if (!options.is("restart")) continue;
        cluster.stop_all();
        again.measure(cluster);
    }
    fresh.print(plan);
    std::printf("  clusters founded: 1 each time\n");
    if (options.is("restart")) again.print(plan);
    return 0;
}

}  // namespace
}  // namespace electiond::cluster

int main(int argc, char** argv) { return electiond::cluster::measure(argc, argv); }
