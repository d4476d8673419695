// storm --seed S --nodes 5 --hours 10 [--timers lan|seed|fast] [--seeds N] [--mode claim|all]
// [--impostor no|yes]: real nodes under every fault for hours of virtual time, watched by the
// referee; with an impostor, somebody speaks as others with the certificate of node 0.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "support/impostor.h"
#include "support/mischief.h"

namespace electiond::sim {
namespace {

struct Counts {
    double hours = 0;
    std::uint64_t timeouts = 0;  // of election, that the virtual time holds
    std::uint64_t faults = 0;
    std::uint64_t leaders = 0;
    std::uint64_t messages = 0;
    std::uint64_t events = 0;
    std::uint64_t forged = 0;  // requests and answers of the impostor
    std::uint64_t hash = 0;
};

// Faults for a while, then everything heals: somebody must lead soon, and nothing may change then.
Counts storm(const SimSettings& settings, std::size_t nodes, Duration length, bool forged,
             bool loud) {
    SimCluster cluster(settings);
    cluster.add_and_start(nodes);
    const Duration timeout = cluster.election_timeout();
    Mischief mischief(cluster, Harm::all(), timeout, nodes + 2);
    std::optional<Impostor> impostor;
    if (forged) impostor.emplace(cluster, 0);
    const auto hours = [&](Moment moment) {
        return std::chrono::duration<double, std::ratio<3600>>(moment.time_since_epoch()).count();
    };
    const auto started = std::chrono::steady_clock::now();
    double told = 0;
    while (cluster.now().time_since_epoch() < length) {
        mischief.run((20 + static_cast<int>(cluster.random.below(std::uint64_t{60}))) * timeout);
        if (impostor) impostor->falsify_answers(false);
        cluster.settle();
        cluster.expect(!impostor || impostor->counts().accepted == 0,
                       "a forged request was not refused");
        if (impostor) impostor->falsify_answers(true);
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - started;
        if (loud && spent.count() - told > 2) {
            told = spent.count();
            std::printf("  %.2f h, %llu leaders, %.0f s\n", hours(cluster.now()),
                        static_cast<unsigned long long>(cluster.referee.leaders_seen()), told);
            std::fflush(stdout);
        }
    }
    return {.hours = hours(cluster.now()),
            .timeouts = static_cast<std::uint64_t>(cluster.now().time_since_epoch() / timeout),
            .faults = mischief.acts(),
            .leaders = cluster.referee.leaders_seen(),
            .messages = cluster.network.messages(),
            .events = cluster.schedule.happened(),
            .forged = impostor ? impostor->counts().requests + impostor->counts().answers : 0,
            .hash = cluster.transcript.hash()};
}

constexpr double kHoursMax = 200;  // that the simulated clocks can count

[[noreturn]] void usage() {
    std::fprintf(stderr,
                 "usage: storm [--seed S] [--nodes N] [--hours H, at most %.0f] [--seeds N]\n"
                 "             [--timers lan|seed|fast] [--mode claim|all] [--impostor no|yes]\n",
                 kHoursMax);
    std::exit(64);
}

Timing timing_named(const std::string& name) {
    using std::chrono::milliseconds;
    if (name == "seed") {
        return {.heartbeat = milliseconds(2000),
                .election_timeout = milliseconds(5000),
                .election_spread = milliseconds(3000),
                .request_timeout = milliseconds(1000),
                .hello = milliseconds(1000),
                .stable_after = milliseconds(10'000),
                .dead_after = milliseconds(60'000),
                .client_grant = milliseconds(2000)};
    }
    if (name == "fast") {
        Timing timing = Timing::from(milliseconds(150));
        timing.heartbeat = milliseconds(30);
        return timing;
    }
    if (name == "lan") return Timing::from(milliseconds(1000));
    usage();
}

int run(std::map<std::string, std::string> options) {
    const auto number = [&](const char* key, std::uint64_t otherwise) {
        return options.contains(key) ? std::strtoull(options[key].c_str(), nullptr, 10) : otherwise;
    };
    const auto first = number("--seed", 1);
    const auto nodes = number("--nodes", 5);
    const double hours = options.contains("--hours") ? std::atof(options["--hours"].c_str()) : 1;
    if (nodes < 1 || hours > kHoursMax) usage();
    SimSettings settings;
    settings.policy.timing =
        timing_named(options.contains("--timers") ? options["--timers"] : "lan");
    if (options["--mode"] == "all") {
        settings.policy.bootstrap = Bootstrap::all;
        for (std::size_t i = 0; i < nodes; ++i) {
            settings.policy.founders.push_back(NodeId(node_name(i)));
        }
    }
    const bool forged = options["--impostor"] == "yes";
    const auto seeds = number("--seeds", 1);
    Counts all;
    const auto started = std::chrono::steady_clock::now();
    for (auto seed = first; seed < first + seeds; ++seed) {
        settings.seed = seed;
        std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
        std::fflush(stdout);
        const auto length = std::chrono::duration_cast<Duration>(
            std::chrono::duration<double, std::ratio<3600>>(hours));
        const auto counts = storm(settings, nodes, length, forged, seeds == 1);
        all.hours += counts.hours;
        all.timeouts += counts.timeouts;
        all.faults += counts.faults;
        all.leaders += counts.leaders;
        all.messages += counts.messages;
        all.events += counts.events;
        all.forged += counts.forged;
        all.hash = all.hash * 31 + counts.hash;
    }
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - started;
    std::printf(
        "no fault found: %.2f virtual hours, %llu election timeouts, %llu faults, %llu leaders, "
        "%llu messages, %llu forged, %llu events, %.0f events a second, transcript %016llx\n",
        all.hours, static_cast<unsigned long long>(all.timeouts),
        static_cast<unsigned long long>(all.faults), static_cast<unsigned long long>(all.leaders),
        static_cast<unsigned long long>(all.messages), static_cast<unsigned long long>(all.forged),
        static_cast<unsigned long long>(all.events),
        static_cast<double>(all.events) / spent.count(), static_cast<unsigned long long>(all.hash));
    return 0;
}

}  // namespace
}  // namespace electiond::sim

int main(int count, char** values) {
    std::map<std::string, std::string> options;
    const std::set<std::string> known{"--seed",   "--nodes", "--hours",   "--seeds",
                                      "--timers", "--mode",  "--impostor"};
    for (int i = 1; i < count; i += 2) {
        if (i + 1 == count || !known.contains(values[i])) electiond::sim::usage();
        options[values[i]] = values[i + 1];
    }
    try {
        return electiond::sim::run(std::move(options));
    } catch (const electiond::sim::Fault& fault) {
        std::fprintf(stderr, "%s", fault.what());
        return 1;
    }
}
