// Makes the parts of a node from the settings: plugins, policy, identity.
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <electiond/discovery.h>
#include <electiond/log.h>
#include <electiond/transport.h>

#include "election/policy.h"
#include "election/random.h"
#include "host/plugin_host.h"
#include "settings/settings.h"

namespace electiond {

// The path of this program, for probing plugins and for finding the plugins next to it.
[[nodiscard]] std::filesystem::path own_program();

// The directories in which plugins are searched: those of the settings, else `plugins` next to the
// program and the installed folder.
[[nodiscard]] std::vector<std::filesystem::path> plugin_directories(const Settings& settings);

// The plugins of one node, made but not started: nothing is bound, no file touched.
struct LoadedPlugins {
    std::unique_ptr<Transport> transport;
    struct Named {
        std::string plugin;
        std::unique_ptr<Discovery> discovery;
        OptionSection options;  // for messages
    };
    std::vector<Named> discoveries;  // in the order of the settings
    Bootstrap bootstrap = Bootstrap::claim;
    std::vector<std::string> warnings;  // whole sentences, for the log and for --check
};

// The names of all plugins that the settings ask for; "" where one is missing.
[[nodiscard]] std::set<std::string> plugins_named(const Settings& settings);

// Loads and makes all plugins. Throws one Error that lists all faults, one per line.
[[nodiscard]] LoadedPlugins load_plugins(PluginHost& host, const Settings& settings,
                                         const Log& log);

// The same in two steps, for settings that may have other faults. The first makes the plugins that
// it can, and adds the faults of the others to `faults`, one per line. The second fills in
// bootstrap and warnings, once all plugins are made; it throws Error if the settings contradict the
// plugins.
[[nodiscard]] LoadedPlugins try_to_load_plugins(PluginHost& host, const Settings& draft,
                                                const Log& log, std::vector<std::string>& faults);
void complete_plugins(LoadedPlugins& plugins, const Settings& settings);

// Makes only the transport, not started. Throws Error as load_plugins.
[[nodiscard]] std::unique_ptr<Transport> make_transport(PluginHost& host, const Settings& settings,
                                                        const Log& log);

// The faults of the plugins, one per line, for settings that may have other faults.
[[nodiscard]] std::vector<std::string> plugin_faults(PluginHost& host, const Settings& draft);

// True if the certificate of a node must name its cluster and id (P1): transport.tls is set, and
// its `identity` is not `ca`.
[[nodiscard]] bool certificates_name_nodes(const Settings& settings);

// The timers of the settings.
[[nodiscard]] Timing timing_of(const Settings& settings);

// The settings that the election needs.
[[nodiscard]] Policy policy_of(const Settings& settings, Bootstrap bootstrap);

// 256 bits of the system's entropy.
[[nodiscard]] Random real_random();

}  // namespace electiond
