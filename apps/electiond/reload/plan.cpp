// Decides for each difference what a reload does.
#include "reload/plan.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "settings/address.h"

namespace electiond {
namespace {

bool reachable_by_others(const std::vector<ListenAddress>& listen) {
    return std::ranges::any_of(listen, [](const ListenAddress& each) {
        const auto* endpoint = std::get_if<Endpoint>(&each);
        return endpoint != nullptr && !is_loopback(*endpoint);
    });
}

// Applies the rules of api.token_file, api.read and api.insecure to the sockets and certificates in
// use, which only a restart changes.
std::string access_gate(const Settings::Api& running, const Settings::Api& fresh) {
    const bool certificate = running.tls && !running.tls->ca.empty();
    const bool guarded = !fresh.token.empty() || certificate;
    if (reachable_by_others(running.listen) && !guarded && !fresh.insecure) {
        return "until then others reach the API at its old addresses, and anyone could change the "
               "cluster";
    }
    if (fresh.reading_needs_token && !guarded) {
        return "until then clients have no way to authenticate, so nobody could read anything";
    }
    return "";
}

}  // namespace

const std::string& ReloadGates::of(ReloadGroup group) const {
    static const std::string kOpen;
    switch (group) {
        case ReloadGroup::access:
            return access;
        case ReloadGroup::timers:
            return timers;
        case ReloadGroup::discovery:
            return discovery;
        case ReloadGroup::none:
            break;
    }
    return kOpen;
}

ReloadGates reload_gates(const Settings& running, const Settings& fresh) {
    ReloadGates gates;
    gates.access = access_gate(running.api, fresh.api);
    if (running.election.election_timeout != fresh.election.election_timeout) {
        gates.timers = "its limits depend on election_timeout, which needs a restart";
    }
    return gates;
}

std::vector<ReloadChange> plan_reload(const std::vector<SettingValue>& running,
                                      const std::vector<SettingValue>& fresh,
                                      const ReloadGates& gates) {
    std::vector<ReloadChange> changes;
    for (auto& each : differences(running, fresh)) {
        const auto& rule = reload_rule(each.key);
        ReloadChange change{std::move(each.key), std::move(each.before), std::move(each.after),
                            rule.what == OnReload::live, std::string(rule.why)};
        if (const auto& gate = gates.of(rule.group); change.live && !gate.empty()) {
            change.live = false;
            change.why = gate;
        }
        changes.push_back(std::move(change));
    }
    return changes;
}

void take_live(Settings& running, const Settings& fresh, const ReloadGates& gates) {
    running.log.level = fresh.log.level;
    running.node.priority = fresh.node.priority;
    running.cluster.max_voters = fresh.cluster.max_voters;
    running.api.hostnames = fresh.api.hostnames;
    running.api.limits = fresh.api.limits;
    running.transport.limits = fresh.transport.limits;
    running.transport.limits_set = fresh.transport.limits_set;
    if (gates.access.empty()) {
        running.api.token_file = fresh.api.token_file;
        running.api.token = fresh.api.token;
        running.api.reading_needs_token = fresh.api.reading_needs_token;
        running.api.insecure = fresh.api.insecure;
    }
    if (gates.timers.empty()) {
        auto& timers = running.election;
        timers.heartbeat_interval = fresh.election.heartbeat_interval;
        timers.election_spread = fresh.election.election_spread;
        timers.request_timeout = fresh.election.request_timeout;
        timers.stable_after = fresh.election.stable_after;
        timers.dead_after = fresh.election.dead_after;
    }
    if (gates.discovery.empty()) running.discovery = fresh.discovery;
}

std::vector<SettingValue> values_after(const std::vector<SettingValue>& running,
                                       const std::vector<SettingValue>& fresh,
                                       const std::vector<ReloadChange>& changes) {
    std::set<std::string_view> applied;
    for (const auto& each : changes) {
        if (each.live) applied.insert(each.key);
    }
    const auto is_applied = [&](const SettingValue& each) { return applied.contains(each.key); };
    std::vector<SettingValue> values;
    std::ranges::copy_if(running, std::back_inserter(values),
                         [&](const SettingValue& each) { return !is_applied(each); });
    std::ranges::copy_if(fresh, std::back_inserter(values), is_applied);
    return values;
}

}  // namespace electiond
