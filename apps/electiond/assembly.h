// Puts the rooms together as the settings say: plugins, policy, identity.
#pragma once

#include <filesystem>
#include <memory>
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

// The program that runs, for probing plugins and for finding those beside it.
[[nodiscard]] std::filesystem::path own_program();

// Where plugins are looked for: as the settings say, else `plugins` beside the program and the
// folder they are installed in.
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

// Loads and makes all of them. Throws one Error that lists every fault, a line each.
[[nodiscard]] LoadedPlugins load_plugins(PluginHost& host, const Settings& settings,
                                         const Log& log);

// The same in two steps, for settings that may be wrong elsewhere, too. The first makes what can be
// made and adds what is wrong with the rest to `faults`, a line each. The second fills in bootstrap
// and warnings, once all are made; it throws Error if settings and plugins do not agree.
[[nodiscard]] LoadedPlugins try_to_load_plugins(PluginHost& host, const Settings& draft,
                                                const Log& log, std::vector<std::string>& faults);
void complete_plugins(LoadedPlugins& plugins, const Settings& settings);

// The transport alone, not started. Throws Error as load_plugins.
[[nodiscard]] std::unique_ptr<Transport> make_transport(PluginHost& host, const Settings& settings,
                                                        const Log& log);

// What is wrong with the plugins of settings that are wrong elsewhere, too: a line each.
[[nodiscard]] std::vector<std::string> plugin_faults(PluginHost& host, const Settings& draft);

// True if the certificate of a node must name its cluster and id (P1): transport.tls is set, and
// its `identity` is not `ca`.
[[nodiscard]] bool certificates_name_nodes(const Settings& settings);

// The timers alone.
[[nodiscard]] Timing timing_of(const Settings& settings);

// What the election is told of the settings.
[[nodiscard]] Policy policy_of(const Settings& settings, Bootstrap bootstrap);

// 256 bits of the system's entropy.
[[nodiscard]] Random real_random();

}  // namespace electiond
