// Values that are derived from others, for --print-config.
#include "check/derived.h"

#include <algorithm>
#include <string>
#include <utility>

namespace electiond {
namespace {

OptionValue text_from(std::string text, std::string origin) {
    OptionValue value;
    value.text = std::move(text);
    value.where = std::move(origin);
    return value;
}

// The section of this name; it always exists, since it has defaults.
OptionValue& section(Settings& settings, const std::string& name) {
    auto& all = settings.merged.map;
    const auto at = std::ranges::find(all, name, &OptionEntry::key);
    if (at != all.end()) return at->value;
    OptionValue empty;
    empty.kind = OptionValue::Kind::map;
    return all.emplace_back(name, std::move(empty)).value;
}

// Behind the key `after`, or at the end.
void insert(OptionValue& map, const std::string& after, const std::string& key, OptionValue value) {
    auto at = std::ranges::find(map.map, after, &OptionEntry::key);
    if (at != map.map.end()) ++at;
    map.map.insert(at, OptionEntry{key, std::move(value), {}});
}

// The mode as resolve_bootstrap decides it, and its origin: an arbiter takes precedence over a list
// of founders.
std::pair<std::string, std::string> bootstrap_of(const Settings& settings,
                                                 const LoadedPlugins& plugins) {
    if (plugins.bootstrap == Bootstrap::claim) {
        const auto arbiter = std::ranges::find_if(plugins.discoveries, [](const auto& each) {
            return each.discovery->arbiter() != nullptr;
        });
        return {"claim", "derived: discovery " + arbiter->plugin + " can arbitrate"};
    }
    return {"all", std::string("derived: ") +
                       (settings.cluster.expect ? "cluster.expect" : "cluster.voters") +
                       " is given, and there is not exactly one discovery that can arbitrate"};
}

}  // namespace

Settings with_derived(const Settings& settings, const LoadedPlugins* plugins) {
    Settings shown = settings;
    if (plugins != nullptr && !settings.cluster.bootstrap) {
        auto [mode, origin] = bootstrap_of(settings, *plugins);
        insert(section(shown, "cluster"), "name", "bootstrap",
               text_from(std::move(mode), std::move(origin)));
    }
    if (!settings.transport.advertise && settings.transport.listen.port != 0) {
        insert(section(shown, "transport"), "listen", "advertise",
               text_from(settings.transport.listen.to_string(), "derived: transport.listen"));
    }
    if (settings.plugins.directories.empty()) {
        OptionValue list;
        list.kind = OptionValue::Kind::list;
        list.where = "default: next to the daemon, then where it was installed";
        for (const auto& folder : plugin_directories(settings)) {
            list.list.push_back(text_from(folder.string(), list.where));
        }
        insert(section(shown, "plugins"), "", "directories", std::move(list));
    }
    return shown;
}

}  // namespace electiond
