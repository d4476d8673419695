// Measures how soon 1,000 event streams on each of three nodes report a new leader after kill -9 of
// the old one. Exits with 1 if a stream of a survivor reports none, or two.
#include <io/descriptor_limit.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <thread>

#include "bench.h"
#include "event_watchers.h"
#include "probe.h"
#include "usage.h"

namespace electiond::cluster {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = 20s;

// Asks a node for /livez once a millisecond: does the crowd of watchers keep it from answering?
class Livez {
  public:
    explicit Livez(std::uint16_t port)
        : thread_([this, port](const std::stop_token& stop) {
              Probe probe(port, "GET /livez");
              while (!stop.stop_requested()) {
                  const auto asked = Clock::now();
                  if (probe.ask() != 200) ++failed_;
                  taken_.add(Clock::now() - asked);
                  std::this_thread::sleep_until(asked + 1ms);
              }
          }) {}
    const Latencies& end() {
        thread_.request_stop();
        thread_.join();
        return taken_;
    }
    [[nodiscard]] int failed() const { return failed_; }

  private:
    Latencies taken_;
    int failed_ = 0;
    std::jthread thread_;
};

class Round {
  public:
    Round(const Plan& plan, int watchers) : watchers_(watchers), cluster_(plan) {
        cluster_.start_all();
        leader_ = cluster_.await_leader(plan.nodes);
        if (leader_ == 0) give_up(cluster_, "nobody leads");
        term_ = cluster_.term(leader_);
    }

    bool measure() {
        io::raise_descriptor_limit();  // each connection is one here, too
        warm_up();
        gather();
        for (auto& [node, each] : all_) each->await_news();
        const int survivor = leader_ == 1 ? 2 : 1;
        Livez livez(cluster_.api_port(survivor));
        const auto killed = Clock::now();
        cluster_.signal(leader_, SIGKILL);
        const bool told = wait_until(
            [&] {
                return std::ranges::all_of(all_, [&](const auto& each) {
                    return each.first == leader_ || each.second->told() == watchers_;
                });
            },
            kPatience);
        cluster_.kill9(leader_);
        // Long enough for a second election to follow, if there is one.
        std::this_thread::sleep_for(5 * cluster_.plan().election_timeout);
        const auto& asked = livez.end();
        const bool one = report(killed);
        std::printf("  /livez of a survivor meanwhile: p50 %.2f, p99 %.2f, max %.2f ms\n",
                    asked.median(), asked.p99(), asked.max());
        const bool good = told && one && livez.failed() == 0;
        if (!good) std::cerr << cluster_.logs() << std::endl;
        return good;
    }

  private:
    // Memory for code that has never run is not that of the watchers.
    void warm_up() {
        for (const int node : cluster_.running()) {
            const auto cold = usage_of(cluster_.process(node).pid());
            Watchers few(cluster_.api_port(node), 20);
            if (!few.gather()) give_up(cluster_, "no event stream begins");
            few.end();
            (void)wait_until(
                [&] {
                    return usage_of(cluster_.process(node).pid()).descriptors <= cold.descriptors;
                },
                5s);
        }
    }

    void gather() {
        for (const int node : cluster_.running()) {
            const auto pid = cluster_.process(node).pid();
            const auto before = usage_of(pid).resident_mb;
            all_[node] = std::make_unique<Watchers>(cluster_.api_port(node), watchers_);
            if (!all_[node]->gather()) give_up(cluster_, "not all event streams begin");
            std::printf("  node %d%s: %.1f KB for each of %d watchers (%.1f MB before)\n", node,
                        node == leader_ ? ", which leads" : "",
                        (usage_of(pid).resident_mb - before) * 1024 / watchers_, watchers_, before);
        }
    }

    // True if there was one new leader, by one election, and all that survived were told of it
    // once.
    bool report(Clock::time_point killed) {
        const auto next = cluster_.await_leader();
        const auto elections = next == 0 ? 0 : cluster_.term(next) - term_;
        bool once = elections == 1;
        auto first = Clock::time_point::max();
        for (auto& [node, each] : all_) {
            each->end();
            if (node == leader_) continue;
            once = once && each->leaders() == watchers_;
            for (const auto at : each->told_at()) first = std::min(first, at);
        }
        Latencies after;
        for (const auto& [node, each] : all_) {
            if (node == leader_) continue;
            Latencies own;
            for (const auto at : each->told_at()) {
                own.add(at - first);
                after.add(at - first);
            }
            std::printf(
                "  node %d: %d of %d told, each of %.3f leaders; p50 %.2f, p99 %.2f, "
                "max %.2f ms after the first\n",
                node, each->told(), watchers_, static_cast<double>(each->leaders()) / watchers_,
                own.median(), own.p99(), own.max());
        }
        std::printf(
            "  all: p50 %.2f, p99 %.2f, max %.2f ms after the first, which was %.1f ms "
            "after the kill; elections: %lld\n",
            after.median(), after.p99(), after.max(),
            std::chrono::duration<double, std::milli>(first - killed).count(),
            static_cast<long long>(elections));
        return once;
    }

    const int watchers_;
    LocalCluster cluster_;
    int leader_ = 0;
    std::int64_t term_ = 0;
    std::map<int, std::unique_ptr<Watchers>> all_;
};

int measure(int argc, char** argv) {
    auto known = plan_options();
    known["election-timeout"] = "150ms";
    known["heartbeat"] = "15ms";
    known.insert({{"watchers", "1000"}, {"kills", "3"}});
    const Options options(argc, argv, known);
    const auto plan = plan_of(options);
    bool good = true;
    for (int kill = 1; kill <= options.number("kills"); ++kill) {
        std::printf("kill -9 of the leader, %d of %d: %s\n", kill, options.number("kills"),
                    in_words(plan).c_str());
        good = Round(plan, options.number("watchers")).measure() && good;
        std::fflush(stdout);
    }
    return good ? 0 : 1;
}

}  // namespace
}  // namespace electiond::cluster

int main(int argc, char** argv) { return electiond::cluster::measure(argc, argv); }
