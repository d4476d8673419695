// figure16: the rows of figure 16 of the Raft paper with real processes: how soon a killed leader
// of five nodes is replaced, as a client sees it. Rows below the bounds of the settings are left
// out.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bench.h"
#include "failover_trials.h"
#include "figure16_rows.h"

namespace electiond::cluster {
namespace {

using Clock = std::chrono::steady_clock;

// So many trials of a row with one cluster; then all other rows have their turn.
constexpr int kTrialsOfOneCluster = 20;

struct Figures {
    Latencies times;
    double terms = 0;  // that all trials together have used
};

// The values of all rows. With a file they are those of all runs that named it: a line for each
// trial has the row, milliseconds and terms.
class Values {
  public:
    explicit Values(const std::string& path) : path_(path) {
        std::ifstream file(path);
        std::string row;
        double ms = 0;
        double terms = 0;
        while (file >> row >> ms >> terms) put(row, ms, terms);
    }

    void add(const std::string& row, double ms, double terms) {
        put(row, ms, terms);
        if (path_.empty()) return;
        std::ofstream(path_, std::ios::app) << row << ' ' << ms << ' ' << terms << '\n';
    }

    [[nodiscard]] const Figures& of(const Figure16Row& row) { return rows_[row.name()]; }
    [[nodiscard]] int count(const Figure16Row& row) {
        return static_cast<int>(of(row).times.size());
    }

  private:
    void put(const std::string& row, double ms, double terms) {
        rows_[row].times.add_ms(ms);
        rows_[row].terms += terms;
    }

    const std::string path_;
    std::map<std::string, Figures> rows_;
};

std::vector<Figure16Row> rows_of(const Options& options) {
    std::vector<Figure16Row> rows;
    std::ranges::copy_if(kFigure16, std::back_inserter(rows), [&](const auto& row) {
        return row.timeout >= options.duration("timeout-from") &&
               row.spread >= options.duration("spread-from");
    });
    return rows;
}

Plan plan_for(const Options& options, const Figure16Row& row) {
    const auto key = [](const char* name, Milliseconds value) {
        return std::string("  ") + name + ": " + std::to_string(value.count()) + "ms\n";
    };
    auto plan = plan_of(options);
    plan.election_timeout = row.timeout;
    plan.election = key("election_spread", row.spread) +
                    key("heartbeat_interval", row.heartbeat()) +
                    key("request_timeout", row.request_timeout());
    return plan;
}

// Trials of one row with a fresh cluster, until there are `due`, or the time is over.
void take_turn(const Plan& plan, const Figure16Row& row, int due, Clock::time_point end,
               Values& values) {
    FailoverTrials trials(plan);
    trials.strike_within(row.heartbeat());
    double terms = 0;
    while (values.count(row) < due && Clock::now() < end) {
        const auto taken = trials.kill();
        const auto before = std::exchange(terms, trials.terms_used());
        values.add(row.name(), taken, terms - before);
    }
}

int measure(int argc, char** argv) {
    auto known = plan_options();
    known["nodes"] = "5";
    known["transport"] = "tcp";
    known.insert({{"trials", "100"},
                  {"timeout-from", "50ms"},
                  {"spread-from", "10ms"},
                  {"for", "24h"},
                  {"values", ""}});
    const Options options(argc, argv, known);
    const auto end = Clock::now() + options.duration("for");
    const auto rows = rows_of(options);
    Values values(options.text("values"));
    for (int due = 0; due < options.number("trials") && Clock::now() < end;) {
        due = std::min(due + kTrialsOfOneCluster, options.number("trials"));
        for (const auto& row : rows) {
            if (values.count(row) >= due || Clock::now() >= end) continue;
            take_turn(plan_for(options, row), row, due, end, values);
            std::fprintf(stderr, "%s: %d of %d\n", row.name().c_str(), values.count(row),
                         options.number("trials"));
        }
    }
    std::printf("%s nodes, %s\n%s   terms each\n", options.text("nodes").c_str(),
                options.text("transport").c_str(), kFigure16Head);
    for (const auto& row : rows) {
        const auto& its = values.of(row);
        print_row(row, its.times);
        std::printf("   %.3f\n", its.times.size() == 0 ? 0 : its.terms / values.count(row));
    }
    return 0;
}

}  // namespace
}  // namespace electiond::cluster

int main(int argc, char** argv) { return electiond::cluster::measure(argc, argv); }
