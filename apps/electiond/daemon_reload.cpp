// One running node: the configuration is read again.
#include <io/descriptor_limit.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <utility>

#include "check/discoveries.h"
#include "daemon.h"
#include "descriptors.h"
#include "joined.h"
#include "node/event.h"
#include "settings/faults.h"

namespace electiond {
namespace {

constexpr Milliseconds kDiscoveryLimit{3000};  // for replaced discoveries to end

// An Error lists its faults, one per line.
std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    if (lines.empty()) lines.emplace_back("the configuration cannot be read");
    return lines;
}

std::vector<std::string> keys_that_need_a_restart(const ReloadReport& report) {
    std::vector<std::string> keys;
    for (const auto& each : report.changes) {
        if (!each.live) keys.push_back(each.key);
    }
    return keys;
}

bool changes_limits(const ReloadReport& report) {
    return std::ranges::any_of(report.changes, [](const ReloadChange& each) {
        return each.live &&
               (each.key.starts_with("api.limits.") || each.key.starts_with("transport.limits."));
    });
}

PolicyChange policy_change_of(const Settings& settings) {
    const auto& election = settings.election;
    return {.priority = settings.node.priority,
            .max_voters = settings.cluster.max_voters,
            .heartbeat = election.heartbeat_interval,
            .election_spread = election.election_spread,
            .request_timeout = election.request_timeout,
            .stable_after = election.stable_after,
            .dead_after = election.dead_after};
}

}  // namespace

void Daemon::on_reload(LoadSettings load, std::function<void()> wake) {
    load_ = std::move(load);
    reload_requests_.on_request(std::move(wake));
}

void Daemon::reload() noexcept { (void)reload(false); }

void Daemon::carry_out_reload_request() noexcept {
    const auto request = reload_requests_.take();
    if (request) request->done(reload(request->dry_run));
}

ReloadReport Daemon::reload(bool dry_run) noexcept {
    ReloadReport report{.dry_run = dry_run, .file = settings_.file.string()};
    try {
        reload_into(report);
    } catch (const std::exception& error) {
        report.faults = lines_of(error.what());
    } catch (...) {
        report.faults.emplace_back("a plugin threw something that is not a std::exception");
    }
    if (dry_run) return report;
    log_reload(report);
    // Also after a fault: certificates do not depend on the rest of the configuration.
    if (certificates_) certificates_->read_again();
    return report;
}

// A new discovery must pass its check before it replaces one that works. Running discoveries are
// not checked: an unreachable registry must not prevent, for example, a change of a token. Throws
// Error.
void Daemon::check_new_discoveries(const Settings& fresh, LoadedPlugins& plugins,
                                   ReloadReport& report) {
    const auto texts = discovery_texts(fresh);
    Findings findings;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        auto& loaded = plugins.discoveries.at(i);
        if (discoveries_->runs(texts[i]) || check_discovery(loaded, fresh, findings)) continue;
        left_behind_.push_back(std::move(loaded.discovery));
        findings.faults.push_back(std::move(findings.warnings.back()));
        findings.warnings.pop_back();
    }
    throw_if_any(std::move(findings.faults), fresh.file);
    report.warnings = std::move(findings.warnings);
}

// A log that puts warnings about limits of open files into the report, for the client of the
// reload; log_reload() then logs the report.
Log Daemon::limits_log(ReloadReport& report) const {
    if (!changes_limits(report)) return {};
    return Log([this, &report](LogLine line) {
        if (line.level == LogLevel::warning) return report.warnings.push_back(std::move(line.text));
        if (!report.dry_run) log_.info(std::move(line.text), std::move(line.fields));
    });
}

// Everything that can fail comes before the first change.
void Daemon::reload_into(ReloadReport& report) {
    auto fresh = load_();
    // Searches plugins as the next start would. Plugins made by this host may outlive it.
    PluginHost host(plugin_directories(fresh), own_program(), log_);
    const bool same = plugin_directories(fresh) == plugin_directories(settings_);
    auto plugins = load_plugins(same ? *host_ : host, fresh, log_);
    check_new_discoveries(fresh, plugins, report);
    auto discoveries = discovery_entries(fresh, std::move(plugins.discoveries));
    auto gates = reload_gates(settings_, fresh);
    gates.discovery = discoveries_->gate(discoveries);
    const auto fresh_values = setting_values(fresh);
    report.changes = plan_reload(values_, fresh_values, gates);
    report.warnings.insert(report.warnings.end(), fresh.warnings.begin(), fresh.warnings.end());
    report.warnings.insert(report.warnings.end(), plugins.warnings.begin(), plugins.warnings.end());
    fit_connections(fresh, io::raise_descriptor_limit(), limits_log(report));
    if (report.dry_run) return;
    values_ = values_after(values_, fresh_values, report.changes);
    {
        const std::lock_guard lock(pending_mutex_);
        pending_restart_ = keys_that_need_a_restart(report);
    }
    apply(fresh, gates, std::move(discoveries));
}

void Daemon::apply(const Settings& fresh, const ReloadGates& gates,
                   std::vector<Discoveries::Entry> discoveries) {
    take_live(settings_, fresh, gates);
    output_.set_level(settings_.log.level);
    mailbox_.post(policy_change_of(settings_));
    control_->change({.token = settings_.api.token,
                      .hostnames = settings_.api.hostnames,
                      .reading_needs_token = settings_.api.reading_needs_token,
                      .limits = settings_.api.limits,
                      .timing = timing_of(settings_)});
    if (transport_->keeps_limits()) transport_->set_limits(settings_.transport.limits);
    if (!gates.discovery.empty()) return;
    const auto limit = std::chrono::steady_clock::now() + kDiscoveryLimit;
    watchdog_.watch();  // old ones withdraw
    if (!discoveries_->replace(std::move(discoveries), limit)) {
        log_.warning("a discovery that is no longer configured hangs; its thread is left behind");
    }
    watchdog_.watch();  // new ones are polled
}

void Daemon::log_reload(const ReloadReport& report) const {
    if (!report.faults.empty()) {
        for (const auto& fault : report.faults) {
            log_.error("reload failed, keeping the old configuration: " + fault);
        }
        return;
    }
    log_.info("configuration read again", {{"file", source_name(report.file)}});
    for (const auto& warning : report.warnings) log_.warning(warning);
    for (const auto& each : report.changes) {
        if (!each.live) continue;
        log_.info("applied without a restart", {{"key", each.key},
                                                {"old", each.before.value_or("")},
                                                {"new", each.after.value_or("")}});
    }
    if (const auto keys = keys_that_need_a_restart(report); !keys.empty()) {
        log_.warning("these changes need a restart: " + joined(keys));
    }
}

}  // namespace electiond
