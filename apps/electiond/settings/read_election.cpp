// Reads the timers (their defaults follow from election_timeout), the health check and the hooks.
#include <algorithm>
#include <set>
#include <string_view>

#include "settings/read_sections.h"

namespace electiond {
namespace {

using namespace std::chrono_literals;
using Duration = Settings::Duration;

constexpr Duration kTimeoutLeast = 50ms;
constexpr Duration kTimeoutMost = 1h;
constexpr Duration kLongest = 24h * 30;

// The lease from acks with promise D: D (1 - rho) / (1 + rho), rho = 1 % (protocol.md 4.4).
Duration lease_of(Duration promise) { return promise * 99 / 101; }

using Keys = std::set<std::string_view>;

// `key` is reported if the rule does not hold, unless it or a key in `compared_with` has a fault.
struct Rule {
    std::string_view key;
    Keys compared_with;
    bool holds;
    std::string sentence;  // follows the key's name
};

// "is 300ms, but must be at least 2 x election_timeout (2000ms); "
std::string at_least(Duration value, const std::string& rule, Duration least) {
    return "is " + to_text(value) + ", but must be at least " + rule + " (" + to_text(least) +
           "); raise it, or lower what it is measured by";
}

void check_timers(Section& election, const Settings::Election& t, const Keys& wrong) {
    const auto round = 2 * t.heartbeat_interval + t.request_timeout;
    const auto lease = lease_of(t.election_timeout);
    const std::vector<Rule> rules = {
        {"election_timeout",
         {"heartbeat_interval", "request_timeout"},
         t.election_timeout >= round,
         at_least(t.election_timeout, "2 x heartbeat_interval + request_timeout", round)},
        {"heartbeat_interval",
         {"election_timeout"},
         2 * t.heartbeat_interval < lease,
         "is " + to_text(t.heartbeat_interval) +
             ", but twice that must be below the lease, 99/101 of election_timeout (" +
             to_text(lease) + "), or the leader would flap; lower it"},
        {"client_grant",
         {"election_timeout"},
         t.client_grant <= lease,
         "is " + to_text(t.client_grant) +
             ", but must be at most the lease, 99/101 of election_timeout (" + to_text(lease) +
             "): a grant cannot be longer than the lease of the leader; lower it"},
        {"stable_after",
         {"election_timeout"},
         t.stable_after >= 2 * t.election_timeout,
         at_least(t.stable_after, "2 x election_timeout", 2 * t.election_timeout)},
        {"dead_after",
         {"election_timeout"},
         t.dead_after >= 10 * t.election_timeout,
         at_least(t.dead_after, "10 x election_timeout", 10 * t.election_timeout)},
    };
    const auto without_fault = [&](std::string_view key) { return !wrong.contains(key); };
    for (const auto& rule : rules) {
        if (rule.holds || !without_fault(rule.key) ||
            !std::ranges::all_of(rule.compared_with, without_fault))
            continue;
        election.fault(std::string(rule.key), rule.sentence);
    }
}

// Returns the keys that have a fault.
Keys read_timers(Section& election, Settings::Election& t) {
    Keys wrong;
    const auto timer = [&](const char* key, Duration least, Duration most, Duration otherwise,
                           const std::string& origin) {
        const auto faults_before = election.faults();
        const auto value = election.duration(key, least, most, otherwise, origin);
        if (election.faults() > faults_before) wrong.insert(key);
        return value;
    };
    const auto derived = [&](const char* key, Duration least, Duration value, const char* how) {
        return timer(key, least, kLongest, value, std::string("default: ") + how);
    };
    t.election_timeout = timer("election_timeout", kTimeoutLeast, kTimeoutMost, 1000ms, "default");
    const auto e = t.election_timeout;
    t.heartbeat_interval = derived("heartbeat_interval", 5ms, e / 10, "election_timeout / 10");
    t.election_spread = derived("election_spread", 10ms, e / 2, "election_timeout / 2");
    t.request_timeout = derived("request_timeout", 5ms, e / 4, "election_timeout / 4");
    t.hello_interval = derived("hello_interval", 10ms, e / 2, "election_timeout / 2");
    t.client_grant = derived("client_grant", 1ms, e / 10, "election_timeout / 10");
    t.stable_after = derived("stable_after", 1ms, 2 * e, "2 x election_timeout");
    t.dead_after = derived("dead_after", 1ms, 30 * e, "30 x election_timeout");
    return wrong;
}

std::optional<Settings::Health> read_health(Section& election) {
    if (!election.has("health")) return std::nullopt;
    Section section(election, "health");
    const auto faults_before = section.faults();
    Settings::Health health;
    health.command = section.command("command");
    health.url = section.text("url").value_or("");
    if (!health.url.empty() && !health.url.starts_with("http://")) {
        section.fault("url", "is " + in_quotes(health.url) + ", but must begin with http://");
    }
    health.interval = section.duration("interval", 10ms, 1h, 1s);
    health.timeout = section.duration("timeout", 10ms, 1h, 1s);
    health.rise = static_cast<int>(section.integer("rise", 1, 1000, health.rise));
    health.fall = static_cast<int>(section.integer("fall", 1, 1000, health.fall));
    if (section.faults() == faults_before && health.command.empty() == health.url.empty()) {
        section.fault("command", health.url.empty()
                                     ? "and election.health.url are both missing; give one of them"
                                     : "and election.health.url are both given; keep one of them");
    }
    election.remember("health", section.take_merged());
    return health;
}

}  // namespace

void read_election(Section& election, Settings& settings, Warnings& warnings) {
    auto& into = settings.election;
    check_timers(election, into, read_timers(election, into));
    into.when_none_eligible = election.choice<WhenNoneEligible>(
        "when_none_eligible", "nobody",
        {{"nobody", WhenNoneEligible::nobody}, {"stay", WhenNoneEligible::stay}});
    into.health = read_health(election);
    if (into.election_timeout < 5 * into.heartbeat_interval) {
        warnings.push_back("election.election_timeout is " + to_text(into.election_timeout) +
                           ", less than the recommended 5 x heartbeat_interval (" +
                           to_text(5 * into.heartbeat_interval) +
                           "): a few lost heartbeats can end its leadership");
    }
    if (into.health) {
        warnings.push_back(
            "election.health is not built yet and is ignored: this node always "
            "counts as healthy");
    }
}

void read_hooks(Section& hooks, Settings& settings, Warnings& warnings) {
    auto& into = settings.hooks;
    into.on_leader = hooks.command("on_leader");
    into.on_follower = hooks.command("on_follower");
    into.on_no_leader = hooks.command("on_no_leader");
    into.timeout = hooks.duration("timeout", 100ms, 1h, 10s);
    if (!into.on_leader.empty() || !into.on_follower.empty() || !into.on_no_leader.empty()) {
        warnings.push_back(
            "hooks is not built yet and is ignored: no command will run; follow GET "
            "/events, or electionctl watch --exec, meanwhile");
    }
}

}  // namespace electiond
