// explore [--scenario NAME] [--depth N] [--terms T] [--crashes K] [--seconds S] [--states N]
// [--compare N]: every order of what can happen to three real elections, up to a depth.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include <electiond/error.h>

#include "exploration/explorer.h"
#include "exploration/scenarios.h"

namespace electiond::exploration {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double megabytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

[[noreturn]] void usage() {
    std::fprintf(stderr,
                 "usage: explore [--scenario NAME] [--depth N] [--terms T] [--crashes K]\n"
                 "               [--seconds S] [--states N] [--compare ONE_IN]\n\n");
    for (const auto& scenario : scenarios()) {
        std::fprintf(stderr, "  %-10s %s\n", scenario.name.c_str(), scenario.what.c_str());
    }
    std::exit(64);
}

std::map<std::string, std::string> options(int count, char** words) {
    std::map<std::string, std::string> given{
        {"--scenario", "founded"}, {"--depth", "10"},        {"--terms", ""},   {"--crashes", ""},
        {"--seconds", "3600"},     {"--states", "50000000"}, {"--compare", "0"}};
    for (int at = 1; at < count; at += 2) {
        if (at + 1 >= count || !given.contains(words[at])) usage();
        given[words[at]] = words[at + 1];
    }
    return given;
}

unsigned long number(const std::string& text) {
    char* end = nullptr;
    const unsigned long value = std::strtoul(text.c_str(), &end, 10);
    if (text.empty() || *end != 0) usage();
    return value;
}

int run(std::map<std::string, std::string> given) {
    const Scenario& scenario = scenario_named(given["--scenario"]);
    Rules rules = scenario.rules;
    if (!given["--terms"].empty()) rules.terms = number(given["--terms"]);
    if (!given["--crashes"].empty()) {
        rules.crashes = static_cast<std::uint8_t>(number(given["--crashes"]));
    }
    if (rules.terms >= kTermMax) usage();
    const auto started = Clock::now();
    const auto limit = static_cast<double>(number(given["--seconds"]));
    Limits limits{.depth = static_cast<unsigned>(number(given["--depth"])),
                  .states = number(given["--states"]),
                  .stop = [&] { return seconds_since(started) > limit; },
                  .compare_one_in = number(given["--compare"])};
    Stage stage(rules);
    const World start = begin(stage, scenario);
    const auto told = [&](const Report& so_far) {
        const auto& level = so_far.levels.back();
        std::printf(
            "  depth %2u: %10llu new, %11llu states, %12llu transitions, %7.1f s, %6.0f MB\n",
            level.depth, static_cast<unsigned long long>(level.states),
            static_cast<unsigned long long>(so_far.states),
            static_cast<unsigned long long>(so_far.transitions), seconds_since(started),
            megabytes());
        std::fflush(stdout);
    };
    const Report report = explore(stage, start, limits, told);
    const double spent = seconds_since(started);
    for (const auto& line : report.transcript) std::printf("%s\n", line.c_str());
    if (!report.fault.empty()) {
        std::printf("BROKEN: %s\n", report.fault.c_str());
        return 1;
    }
    std::printf(
        "no fault found: %s, terms %llu, crashes %u, depth %u%s, %llu states, %llu transitions, "
        "%llu with a leader, %llu beyond the terms, %llu compared, %llu steps of elections, %.1f "
        "s, "
        "%.0f transitions a second, %.0f MB\n",
        scenario.name.c_str(), static_cast<unsigned long long>(rules.terms),
        static_cast<unsigned>(rules.crashes), report.depth,
        report.complete ? " (all there is)" : "", static_cast<unsigned long long>(report.states),
        static_cast<unsigned long long>(report.transitions),
        static_cast<unsigned long long>(report.shown_to_lead),
        static_cast<unsigned long long>(report.out_of_bounds),
        static_cast<unsigned long long>(report.compared),
        static_cast<unsigned long long>(stage.steps_taken()), spent,
        static_cast<double>(report.transitions) / spent, megabytes());
    return 0;
}

}  // namespace
}  // namespace electiond::exploration

int main(int count, char** words) {
    try {
        return electiond::exploration::run(electiond::exploration::options(count, words));
    } catch (const electiond::Error& error) {
        std::fprintf(stderr, "explore: %s\n", error.what());
        return error.code();
    }
}
