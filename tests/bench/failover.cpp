// failover: how long nobody leads when the leader's process is killed, or steps down (--planned).
#include <cstdio>
#include <iostream>

#include "bench.h"
#include "failover_trials.h"

namespace electiond::cluster {
namespace {

int measure(int argc, char** argv) {
    auto known = plan_options();
    known.insert({{"kills", "50"},
                  {"planned", "no"},
                  {"without-grants", "no"},
                  {"show-above", "1000"},
                  {"list", "no"}});
    const Options options(argc, argv, known);
    const bool planned = options.is("planned");
    // Beyond so many election timeouts the nodes' logs are shown.
    const double longest = static_cast<double>(options.number("show-above") *
                                               options.duration("election-timeout").count());
    const auto plan = plan_of(options);
    FailoverTrials failover(plan, 0, options.is("without-grants") ? "HEAD /leader" : "GET /leader");
    std::vector<double> gaps;
    for (int i = 0; i < options.number("kills"); ++i) {
        gaps.push_back(planned ? failover.hand_over() : failover.kill());
        if (gaps.back() > longest)
            std::cerr << gaps.back() << " ms:\n" << failover.logs() << std::endl;
    }
    print_figures(std::string(planned ? "hand-over" : "fail-over after kill -9") + ": " +
                      in_words(plan) +
                      (options.is("without-grants") ? ", no client holds a grant" : ""),
                  gaps, plan.election_timeout);
    if (options.is("list")) {  // for programs that compare
        for (const double gap : gaps) std::printf("gap %.3f\n", gap);
    }
    std::printf("  terms used: %.2f each\n", failover.terms_used() / options.number("kills"));
    return 0;
}

}  // namespace
}  // namespace electiond::cluster

int main(int argc, char** argv) { return electiond::cluster::measure(argc, argv); }
