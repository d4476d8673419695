// figure16: the rows of figure 16 of the Raft paper with real processes: how soon a killed leader
// of five nodes is replaced, as a client sees it. Rows below the bounds of the settings are left
// out.
#include <algorithm>
#include <cstdio>

#include "bench.h"
#include "failover_trials.h"
#include "figure16_rows.h"

namespace electiond::cluster {
namespace {

int measure(int argc, char** argv) {
    auto known = plan_options();
    known["nodes"] = "5";
    known["transport"] = "tcp";
    known.insert({{"trials", "100"}, {"timeout-from", "50ms"}, {"spread-from", "10ms"}});
    const Options options(argc, argv, known);
    std::printf("%s nodes, %s, %d trials a row\n%s\n", options.text("nodes").c_str(),
                options.text("transport").c_str(), options.number("trials"), kFigure16Head);
    for (const auto& row : kFigure16) {
        if (row.timeout < options.duration("timeout-from")) continue;
        if (row.spread < options.duration("spread-from")) continue;
        const auto key = [](const char* name, Milliseconds value) {
            return std::string("  ") + name + ": " + std::to_string(value.count()) + "ms\n";
        };
        auto plan = plan_of(options);
        plan.election_timeout = row.timeout;
        plan.election = key("election_spread", row.spread) +
                        key("heartbeat_interval", row.heartbeat()) +
                        key("request_timeout", row.request_timeout());
        FailoverTrials trials(plan);
        Latencies times;
        for (int i = 0; i < options.number("trials"); ++i) times.add_ms(trials.kill());
        print_row(row, times);
        std::printf("             terms used: %.2f each\n",
                    trials.terms_used() / options.number("trials"));
    }
    return 0;
}

}  // namespace
}  // namespace electiond::cluster

int main(int argc, char** argv) { return electiond::cluster::measure(argc, argv); }
