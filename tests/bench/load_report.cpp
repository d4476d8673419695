// Prints what came of a load, and whether it kept its bars.
#include "load_report.h"

#include <cstdio>
#include <string>

namespace electiond::cluster {
namespace {

void print_latencies(const char* what, const Latencies& all) {
    std::printf("  %-44s %9zu %9.2f %9.2f %9.2f\n", what, all.size(), all.median(), all.p99(),
                all.max());
}

void print_outcomes(const char* what, const Outcomes& all) {
    std::string statuses;
    for (const auto& [status, times] : all.by_status) {
        statuses +=
            (statuses.empty() ? "" : ", ") + std::to_string(times) + " × " + std::to_string(status);
    }
    const auto number = [](std::uint64_t times) { return static_cast<unsigned long long>(times); };
    std::printf("  %-22s %8llu %8llu %8llu %8llu  %s\n", what, number(all.refused),
                number(all.reset), number(all.closed), number(all.silent), statuses.c_str());
}

void print_attack(const AttackFigures& attack) {
    print_latencies("/livez, one kept connection", attack.livez_kept.latencies);
    print_latencies("/livez, a fresh connection each", attack.livez_fresh.latencies);
    print_latencies("/leader, offered at the fixed rate", attack.offered.latencies);
    print_latencies("long polls, after the end of their wait", attack.crowd.polls_late);
}

void print_usage(const LoadFigures& figures) {
    std::printf("the leader's process %11s %9s %9s %9s\n", "before", "most", "after", "at the end");
    std::printf("  %-18s %11.1f %9.1f %9.1f %9.1f\n", "resident MB", figures.before.resident_mb,
                figures.peak.resident_mb, figures.after.resident_mb, figures.back.resident_mb);
    std::printf("  %-18s %11ld %9ld %9ld %9ld   %.1f s later\n", "descriptors",
                figures.before.descriptors, figures.peak.descriptors, figures.after.descriptors,
                figures.back.descriptors, figures.cooling);
}

// Without an HTTP answer, of all that asked something of the daemon.
std::uint64_t without_answer(const AttackFigures& attack) {
    std::uint64_t all = 0;
    for (const auto* outcomes :
         {&attack.livez_kept.outcomes, &attack.livez_fresh.outcomes, &attack.offered.outcomes,
          &attack.crowd.idle, &attack.crowd.polls, &attack.crowd.drippers}) {
        all += outcomes->without_answer();
    }
    for (const auto* offered : {&attack.livez_kept, &attack.livez_fresh, &attack.offered}) {
        all += offered->unserved;
    }
    return all;
}

bool stands(const CrowdPlan& plan, const Standing& now) {
    return 10 * now.idle >= 9 * plan.idle && 10 * now.polls >= 9 * plan.polls &&
           10 * now.drippers >= 9 * plan.drippers;
}

bool verdict(bool kept, const std::string& bar) {
    std::printf("  %-6s %s\n", kept ? "kept" : "BROKEN", bar.c_str());
    return kept;
}

std::string in_ms(double ms) {
    std::string text(32, ' ');
    text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.2f ms", ms)));
    return text;
}

bool above(const std::string& what, double ms, const std::string& reference, double reference_ms,
           Milliseconds most) {
    return verdict(ms <= reference_ms + static_cast<double>(most.count()),
                   what + " " + in_ms(ms) + ", " + reference + " " + in_ms(reference_ms) +
                       ", at most " + std::to_string(most.count()) + " ms above it");
}

bool within(double before, double now, int percent) {
    return now <= before * (1 + static_cast<double>(percent) / 100);
}

}  // namespace

bool LoadBars::is_back(const Usage& before, const Usage& now) const {
    return within(before.resident_mb, now.resident_mb, memory_percent) &&
           within(static_cast<double>(before.descriptors), static_cast<double>(now.descriptors),
                  descriptors_percent);
}

void print(const LoadPlan& plan, const LoadFigures& figures) {
    const auto& daemon = figures.daemon;
    std::printf(
        "load: %s\n"
        "  %d idle connections, %d long polls, %d drippers, %.0f requests a second over %d "
        "connections, %.0f s\n",
        in_words(plan.cluster).c_str(), plan.crowd.idle, plan.crowd.polls, plan.crowd.drippers,
        plan.rate, plan.connections, static_cast<double>(plan.length.count()) / 1000);
    std::printf("  the crowd %s after %.1f s; at the end %d, %d and %d of it\n",
                figures.gathered ? "stood" : "DID NOT STAND", figures.gathering,
                daemon.standing.idle, daemon.standing.polls, daemon.standing.drippers);

    std::printf("%-46s %9s %9s %9s %9s\n", "latencies in ms", "answers", "median", "p99", "max");
    std::printf(" the leader\n");
    print_attack(daemon);
    std::printf(" the idle responder, at the same time\n");
    print_latencies("/livez, one kept connection", figures.idle_kept.latencies);
    print_latencies("/livez, a fresh connection each", figures.idle_fresh.latencies);
    if (plan.control.count() > 0) {
        std::printf(" the responder, under the same load afterwards\n");
        print_attack(figures.responder);
    }
    std::printf(" heartbeats\n");
    print_latencies("round trip, unloaded", figures.unloaded_round_trips);
    print_latencies("round trip, under load", figures.loaded_round_trips);

    std::printf("answers of the leader    refused    reset   closed   silent  by status\n");
    print_outcomes("/livez, kept", daemon.livez_kept.outcomes);
    print_outcomes("/livez, fresh", daemon.livez_fresh.outcomes);
    print_outcomes("/leader, offered", daemon.offered.outcomes);
    print_outcomes("long polls", daemon.crowd.polls);
    print_outcomes("drippers", daemon.crowd.drippers);
    print_outcomes("idle connections", daemon.crowd.idle);
    std::printf(
        "  offered %llu, not served in the end %llu; idle connections closed by the server %llu\n",
        static_cast<unsigned long long>(daemon.offered.due),
        static_cast<unsigned long long>(daemon.offered.unserved),
        static_cast<unsigned long long>(daemon.crowd.idle_closed));
    print_usage(figures);
    std::printf("cores: the leader %.2f, all nodes %.2f, this program %.2f\n", figures.leader_cores,
                figures.nodes_cores, figures.own_cores);
}

bool print_verdicts(const LoadPlan& plan, const LoadFigures& figures) {
    const auto& bars = plan.bars;
    const auto& daemon = figures.daemon;
    std::printf("bars\n");
    bool all = verdict(figures.gathered && stands(plan.crowd, daemon.standing),
                       "the server let the whole crowd stand, and nine tenths of it in the end");
    all &= verdict(figures.elections == 0 && figures.leaders == 1,
                   std::to_string(figures.elections) + " elections, " +
                       std::to_string(figures.leaders) + " leader(s)");
    all &= above("/livez p99, kept", daemon.livez_kept.latencies.p99(), "idle responder",
                 figures.idle_kept.latencies.p99(), bars.livez_above);
    all &= above("/livez p99, fresh", daemon.livez_fresh.latencies.p99(), "idle responder",
                 figures.idle_fresh.latencies.p99(), bars.livez_above);
    all &= above("heartbeat p99, loaded", figures.loaded_round_trips.p99(), "unloaded",
                 figures.unloaded_round_trips.p99(), bars.heartbeat_above);
    const auto lost = without_answer(daemon);
    all &= verdict(lost == 0, std::to_string(lost) + " requests got no HTTP answer");
    all &= verdict(daemon.crowd.polls_early == 0,
                   std::to_string(daemon.crowd.polls_early) +
                       " long polls were answered early, although nothing had changed");
    all &= verdict(within(static_cast<double>(figures.before.descriptors),
                          static_cast<double>(figures.back.descriptors), bars.descriptors_percent),
                   "descriptors are back within " + std::to_string(bars.descriptors_percent) +
                       " % after " + std::to_string(plan.cool_down.count() / 1000) + " s");
    all &=
        verdict(within(figures.before.resident_mb, figures.back.resident_mb, bars.memory_percent),
                "memory is back within " + std::to_string(bars.memory_percent) + " % after " +
                    std::to_string(plan.cool_down.count() / 1000) + " s");
    std::fflush(stdout);
    return all;
}

}  // namespace electiond::cluster
