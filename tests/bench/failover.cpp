// failover: how long nobody leads when the leader's process is killed, or steps down (--planned).
#include <cstdio>
#include <deque>
#include <iostream>
#include <random>
#include <thread>

#include "bench.h"
#include "probe.h"

namespace electiond::cluster {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Milliseconds kBetweenRounds{1};
constexpr std::chrono::seconds kLongest{60};

double ms_between(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

class Failover {
  public:
    explicit Failover(const Options& options)
        : cluster_(plan_of(options)),
          request_(options.is("without-grants") ? "HEAD /leader" : "GET /leader") {
        cluster_.start_all();
        settle();
        first_term_ = cluster_.term(leader_);
    }

    // Kills the leader; until another answers 200.
    double kill() {
        auto probes = probes_of_others();
        const auto killed = Clock::now();
        cluster_.signal(leader_, SIGKILL);
        const auto led = await_lead(probes, killed);
        cluster_.kill9(leader_);
        cluster_.start(leader_);
        settle();
        return ms_between(killed, led);
    }

    // From the last 200 of the old leader to the first of the new one.
    double hand_over() {
        auto probes = probes_of_others();
        Probe old(cluster_.api_port(leader_), request_);
        if (old.ask() != 200) give_up(cluster_, "the leader does not lead");
        auto last = Clock::now();
        const auto limit = last + kLongest;
        std::jthread asking([port = cluster_.api_port(leader_)] {
            (void)ask(port, "POST", "/step-down", "", std::chrono::seconds(30));
        });
        for (;; std::this_thread::sleep_for(kBetweenRounds)) {
            if (old.ask() == 200) last = Clock::now();
            for (auto& probe : probes) {
                if (probe.ask() != 200) continue;
                const auto first = Clock::now();
                asking.join();
                settle();
                return ms_between(last, first);
            }
            if (Clock::now() > limit) give_up(cluster_, "nobody takes over");
        }
    }

    [[nodiscard]] double terms_used() {
        return static_cast<double>(cluster_.term(leader_) - first_term_);
    }

    [[nodiscard]] std::string logs() const { return cluster_.logs(); }

  private:
    std::deque<Probe> probes_of_others() {
        std::deque<Probe> probes;
        for (const int node : cluster_.running()) {
            if (node == leader_) continue;
            probes.emplace_back(cluster_.api_port(node), request_);
            if (probes.back().ask() == 0) give_up(cluster_, "a follower does not answer");
        }
        return probes;
    }

    Clock::time_point await_lead(std::deque<Probe>& probes, Clock::time_point from) {
        for (;; std::this_thread::sleep_for(kBetweenRounds)) {
            for (auto& probe : probes) {
                if (probe.ask() == 200) return Clock::now();
            }
            if (Clock::now() > from + kLongest) give_up(cluster_, "nobody takes over");
        }
    }

    // Until all follow one leader that hears all of them, and a little longer: so that the next
    // blow falls anywhere between two heartbeats.
    void settle() {
        leader_ = cluster_.await_leader(cluster_.plan().nodes, kLongest);
        const auto all_acked = [&] {
            const auto members = cluster_.get(leader_, "/members").json->getArray("members");
            if (members.isNull() || static_cast<int>(members->size()) != cluster_.plan().nodes) {
                return false;
            }
            for (const auto& member : *members) {
                const auto age = member.extract<Poco::JSON::Object::Ptr>()->get("lastContactMs");
                if (age.isEmpty() ||
                    age.convert<int>() > cluster_.plan().election_timeout.count() / 2) {
                    return false;
                }
            }
            return true;
        };
        if (leader_ == 0 || !wait_until(all_acked, kLongest)) {
            give_up(cluster_, "the cluster does not settle");
        }
        const auto spread = cluster_.plan().election_timeout.count() / 2;
        std::this_thread::sleep_for(
            Milliseconds{spread + std::uniform_int_distribution<long>(0, spread)(random_)});
    }

    LocalCluster cluster_;
    std::string request_;
    std::mt19937 random_{20};
    int leader_ = 0;
    std::int64_t first_term_ = 0;
};

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
    Failover failover(options);
    std::vector<double> gaps;
    for (int i = 0; i < options.number("kills"); ++i) {
        gaps.push_back(planned ? failover.hand_over() : failover.kill());
        if (gaps.back() > longest)
            std::cerr << gaps.back() << " ms:\n" << failover.logs() << std::endl;
    }
    const auto plan = plan_of(options);
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
