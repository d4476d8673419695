// Makes the parts of a node from the settings.
#include "assembly.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <utility>

#include <sys/random.h>

#include "settings/faults.h"

namespace electiond {

std::filesystem::path own_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

std::vector<std::filesystem::path> plugin_directories(const Settings& settings) {
    if (!settings.plugins.directories.empty()) return settings.plugins.directories;
    const auto own = own_program().parent_path();
    std::vector<std::filesystem::path> directories{
        own / "plugins",                                             // a build tree
        (own / ELECTIOND_PLUGINS_FROM_PROGRAM).lexically_normal()};  // an installation, anywhere
    if (directories.back() != ELECTIOND_PLUGIN_DIR) directories.emplace_back(ELECTIOND_PLUGIN_DIR);
    return directories;
}

namespace {

// Throws Error if the configuration requires encryption and the plugin cannot encrypt.
void refuse_plain_text(const Settings::Transport& wanted, const Transport& made) {
    if (!wanted.tls || made.can_authenticate()) return;
    throw Error(wanted.tls_places.section + ": transport.tls is set, but the transport plugin " +
                in_quotes(wanted.plugin) +
                " cannot encrypt; choose a plugin that can, or remove the key, and either send the "
                "peers' traffic through a tunnel (WireGuard, stunnel) or, on a network that you "
                "trust, set transport.insecure: true");
}

// Warnings about settings without effect, or unwise ones, that depend on the loaded plugins.
std::vector<std::string> warnings_about(const LoadedPlugins& plugins, const Settings& settings) {
    auto warnings = founding_warnings(settings, plugins.bootstrap);
    const auto& wanted = settings.transport;
    if (wanted.limits_set && !plugins.transport->keeps_limits()) {
        warnings.push_back(
            "transport.limits has no effect: the transport plugin " + in_quotes(wanted.plugin) +
            " does not support limits; remove the key, or choose a plugin that does");
    }
    return warnings;
}

// The beginning of a fault of a plugin's name or file: "node.yaml:3:22: discovery[0].plugin is
// "tcp"".
std::string named_by(const std::string& place, const std::string& section,
                     const std::string& plugin) {
    return (place.empty() ? "" : place + ": ") + section + ".plugin is " + in_quotes(plugin) +
           (place.empty() ? " (the default)" : "");
}

}  // namespace

std::unique_ptr<Transport> make_transport(PluginHost& host, const Settings& settings,
                                          const Log& log) {
    const auto& wanted = settings.transport;
    Options options(PluginKind::transport, wanted.options);
    auto made = host.make_transport(wanted.plugin,
                                    {.options = options,
                                     .cluster = settings.cluster.name,
                                     .node_id = settings.node.id.value,
                                     .log = log,
                                     .listen = wanted.listen,
                                     .limits = wanted.limits,
                                     .tls = wanted.tls ? &*wanted.tls : nullptr},
                                    named_by(wanted.plugin_place, "transport", wanted.plugin));
    refuse_plain_text(wanted, *made);
    return made;
}

namespace {

std::unique_ptr<Discovery> make_discovery(PluginHost& host, const Settings& settings,
                                          const Settings::Discovery& wanted, const Log& log) {
    Options options(PluginKind::discovery, wanted.options);
    return host.make_discovery(wanted.plugin,
                               {.options = options,
                                .cluster = settings.cluster.name,
                                .node_id = settings.node.id.value,
                                .log = log},
                               named_by(wanted.plugin_place, wanted.options.name, wanted.plugin));
}

void add_lines(const std::string& text, std::vector<std::string>& to) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) to.push_back(line);
}

}  // namespace

std::set<std::string> plugins_named(const Settings& settings) {
    std::set<std::string> names{settings.transport.plugin};
    for (const auto& wanted : settings.discovery) names.insert(wanted.plugin);
    return names;
}

// Makes the plugins that have a name: the settings remove a name that cannot be tried, with a
// fault.
LoadedPlugins try_to_load_plugins(PluginHost& host, const Settings& settings, const Log& log,
                                  std::vector<std::string>& faults) {
    LoadedPlugins plugins;
    const auto attempt = [&](const std::string& plugin, const auto& make) {
        if (plugin.empty()) return;
        try {
            make();
        } catch (const Error& error) {
            if (error.code() != Error::config) throw;
            add_lines(error.what(), faults);
        }
    };
    attempt(settings.transport.plugin,
            [&] { plugins.transport = make_transport(host, settings, log); });
    for (const auto& wanted : settings.discovery) {
        attempt(wanted.plugin, [&] {
            plugins.discoveries.push_back(
                {wanted.plugin, make_discovery(host, settings, wanted, log), wanted.options});
        });
    }
    return plugins;
}

// The number of arbiters is known only if all plugins were made.
void complete_plugins(LoadedPlugins& plugins, const Settings& settings) {
    const auto arbiters = std::ranges::count_if(
        plugins.discoveries, [](const auto& each) { return each.discovery->arbiter() != nullptr; });
    plugins.bootstrap = resolve_bootstrap(settings, static_cast<std::size_t>(arbiters));
    plugins.warnings = warnings_about(plugins, settings);
}

LoadedPlugins load_plugins(PluginHost& host, const Settings& settings, const Log& log) {
    std::vector<std::string> faults;
    auto plugins = try_to_load_plugins(host, settings, log, faults);
    throw_if_any(std::move(faults), settings.file);
    complete_plugins(plugins, settings);
    return plugins;
}

std::vector<std::string> plugin_faults(PluginHost& host, const Settings& draft) {
    std::vector<std::string> faults;
    (void)try_to_load_plugins(host, draft, Log{}, faults);
    return faults;
}

bool certificates_name_nodes(const Settings& settings) {
    const auto& tls = settings.transport.tls;
    return tls && tls->identity == TlsFiles::Identity::node;
}

Timing timing_of(const Settings& settings) {
    const auto& election = settings.election;
    return {.heartbeat = election.heartbeat_interval,
            .election_timeout = election.election_timeout,
            .election_spread = election.election_spread,
            .request_timeout = election.request_timeout,
            .hello = election.hello_interval,
            .stable_after = election.stable_after,
            .dead_after = election.dead_after,
            .client_grant = election.client_grant};
}

Policy policy_of(const Settings& settings, Bootstrap bootstrap) {
    Policy policy;
    policy.timing = timing_of(settings);
    policy.priority = settings.node.priority;
    policy.observer = settings.node.observer;
    policy.bootstrap = bootstrap;
    policy.founders = settings.cluster.voters;
    policy.expect = settings.cluster.expect.value_or(0);
    policy.max_voters = settings.cluster.max_voters;
    policy.when_none_eligible = settings.election.when_none_eligible;
    return policy;
}

Random real_random() {
    Random::Seed seed{};
    if (::getrandom(seed.data(), sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) {
        throw Error(std::string("the system provides no random numbers: ") + std::strerror(errno),
                    Error::os);
    }
    return Random(seed);
}

}  // namespace electiond
