// electiond --check: all checks that are possible without starting the node.
#include "check/check.h"

#include <cstdlib>
#include <iostream>
#include <optional>
#include <utility>

#include "assembly.h"
#include "check/derived.h"
#include "check/discoveries.h"
#include "check/files.h"
#include "check/findings.h"
#include "check/probe.h"
#include "complain.h"
#include "configuration.h"
#include "settings/faults.h"

namespace electiond {
namespace {

// Prints the configuration that results from file, environment, defaults and plugins. `plugins` as
// with_derived.
void print(const Settings& settings, const LoadedPlugins* plugins) {
    std::cout << print_settings(with_derived(settings, plugins));
    if (plugins == nullptr && !settings.cluster.bootstrap) {
        std::cout << "# cluster.bootstrap is not set and cannot be derived: electiond --check "
                     "shows why\n";
    }
}

// Tries the plugins, even if there are other faults, and calls check() of the discoveries that
// could be made. False if one hangs.
bool check_plugins(PluginHost& host, const Settings& draft, const Log& log, LoadedPlugins& plugins,
                   Findings& findings) {
    plugins = try_to_load_plugins(host, draft, log, findings.faults);
    const bool all_ended = check_discoveries(plugins, draft, findings);
    if (!findings.faults.empty()) return all_ended;
    try {
        complete_plugins(plugins, draft);
        findings.warnings.insert(findings.warnings.end(), plugins.warnings.begin(),
                                 plugins.warnings.end());
    } catch (const Error& error) {
        findings.faults.emplace_back(error.what());
    }
    return all_ended;
}

int report(const std::filesystem::path& file, Findings findings, const CheckAsked& asked) {
    sort_by_place(findings.faults, file);
    for (const auto& fault : findings.faults) complain(fault);
    for (const auto& warning : findings.warnings)
        complain("warning: " + warning, LogLevel::warning);
    if (!findings.faults.empty()) return Error::config;
    // After the configuration on standard output this line would make it invalid YAML.
    (asked.print ? std::cerr : std::cout) << source_name(file) << ": no fault found" << std::endl;
    return 0;
}

}  // namespace

int check(const ConfigSource& source, const CheckAsked& asked) {
    const Log log([](const LogLine& line) {
        if (line.level > LogLevel::debug) complain(line.to_string(), line.level);
    });
    auto draft = read_configuration(source);
    Findings findings{std::move(draft.faults), std::move(draft.settings.warnings)};
    check_files(draft.settings, findings);
    PluginHost host(plugin_directories(draft.settings), own_program(), log);
    LoadedPlugins plugins;
    bool all_ended = check_plugins(host, draft.settings, log, plugins, findings);
    if (asked.print && findings.faults.empty()) print(draft.settings, &plugins);
    int code = report(source.file, std::move(findings), asked);
    if (code == 0 && asked.probe) {
        const auto result =
            probe(host, draft.settings, plugins, asked.print ? std::cerr : std::cout);
        code = result.code;
        all_ended = result.all_ended && all_ended;
    }
    if (all_ended) return code;
    std::_Exit(code);  // the hanging call still uses objects: no destructor may run
}

void print_configuration(const ConfigSource& source) {
    const auto settings = load_settings_alone(source);
    PluginHost host(plugin_directories(settings), own_program(), Log{});
    std::optional<LoadedPlugins> plugins;
    try {
        plugins = load_plugins(host, settings, Log{});
    } catch (const Error&) {  // --check reports the faults
    }
    print(settings, plugins ? &*plugins : nullptr);
}

}  // namespace electiond
