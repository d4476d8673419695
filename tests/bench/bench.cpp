// What the benches share.
#include "bench.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace electiond::cluster {

Options::Options(int argc, char** argv, const std::map<std::string, std::string>& known)
    : values_(known) {
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const auto at = values_.find(word.starts_with("--") ? word.substr(2) : "");
        if (at == values_.end()) {
            std::cerr << argv[0] << ": " << word << " is no option; there are:";
            for (const auto& [key, value] : known) std::cerr << " --" << key << " " << value;
            std::cerr << std::endl;
            std::exit(64);
        }
        const bool has_value = i + 1 < argc && !std::string(argv[i + 1]).starts_with("--");
        at->second = has_value ? argv[++i] : "yes";
    }
}

Milliseconds Options::duration(const std::string& key) const {
    std::size_t end = 0;
    const auto number = std::stol(text(key), &end);
    const auto unit = text(key).substr(end);
    if (unit == "h") return std::chrono::hours(number);
    if (unit == "m") return std::chrono::minutes(number);
    return unit == "s" ? Milliseconds{number * 1000} : Milliseconds{number};
}

std::map<std::string, std::string> plan_options() {
    return {{"nodes", "3"},
            {"transport", "http"},
            {"discovery", "static_list"},
            {"election-timeout", "500ms"},
            {"heartbeat", "default"},
            {"tls", "no"},
            {"daemon", ELECTIOND}};
}

Plan plan_of(const Options& options) {
    Plan plan{.transport = options.text("transport"),
              .discovery = options.text("discovery"),
              .nodes = options.number("nodes"),
              .election_timeout = options.duration("election-timeout"),
              .encrypted = options.is("tls"),
              .program = options.text("daemon")};
    if (options.text("heartbeat") != "default") {
        plan.election =
            "  heartbeat_interval: " + std::to_string(options.duration("heartbeat").count()) +
            "ms\n";
    }
    return plan;
}

void print_figures(const std::string& title, std::vector<double> ms,
                   Milliseconds election_timeout) {
    std::ranges::sort(ms);
    const auto share = [&](double part) {
        const auto place = std::ceil(part * static_cast<double>(ms.size()));
        return ms[static_cast<std::size_t>(std::max(place, 1.0)) - 1];
    };
    const auto row = [&](const char* unit, double scale) {
        std::printf("  %-4s", unit);
        for (const double part : {0.0, 0.5, 0.9, 0.99, 1.0}) {
            std::printf(" %9.*f", scale == 1 ? 1 : 3, share(part) / scale);
        }
        std::printf("\n");
    };
    std::printf("%s (%zu times)\n  %-4s %9s %9s %9s %9s %9s\n", title.c_str(), ms.size(), "", "min",
                "median", "p90", "p99", "max");
    row("ms", 1);
    row("x E", static_cast<double>(election_timeout.count()));
    std::fflush(stdout);
}

std::string in_words(const Plan& plan) {
    return std::to_string(plan.nodes) + " nodes, " + plan.transport +
           (plan.encrypted ? " by TLS" : "") + ", " + plan.discovery +
           ", E = " + std::to_string(plan.election_timeout.count()) + " ms";
}

void give_up(const LocalCluster& cluster, const std::string& why) {
    std::cerr << cluster.logs() << why << std::endl;
    std::exit(1);
}

}  // namespace electiond::cluster
