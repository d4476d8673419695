// What the benches share: options, a cluster made of them, figures.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "local_cluster.h"

namespace electiond::cluster {

// --key value, or --key alone. Ends the program with 64 where a key is not among `known`.
class Options {
  public:
    Options(int argc, char** argv, const std::map<std::string, std::string>& known);
    [[nodiscard]] const std::string& text(const std::string& key) const { return values_.at(key); }
    [[nodiscard]] int number(const std::string& key) const { return std::stoi(text(key)); }
    [[nodiscard]] bool is(const std::string& key) const { return text(key) == "yes"; }
    [[nodiscard]] Milliseconds duration(const std::string& key) const;  // 150ms, 2s, 5m, 1h

  private:
    std::map<std::string, std::string> values_;
};

// Of --nodes, --transport, --discovery, --election-timeout, --heartbeat, --tls and --daemon.
[[nodiscard]] Plan plan_of(const Options& options);
[[nodiscard]] std::map<std::string, std::string> plan_options();

// min, median, 90 %, 99 %, max; in ms and as multiples of the election timeout.
void print_figures(const std::string& title, std::vector<double> ms, Milliseconds election_timeout);

[[nodiscard]] std::string in_words(const Plan& plan);

// Ends the program with 1 and the nodes' logs.
[[noreturn]] void give_up(const LocalCluster& cluster, const std::string& why);

}  // namespace electiond::cluster
