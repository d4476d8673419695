// How the transport tests come by a plugin: as the daemon does, through the host.
#include "transport_bench.h"

#include "host/plugin_host.h"

namespace electiond::bench {

std::unique_ptr<Transport> load(const std::string& plugin,
                                std::vector<std::pair<std::string, std::string>> options, Log log,
                                const Limits& limits) {
    OptionValue section;
    section.kind = OptionValue::Kind::map;
    section.where = "node.yaml:1:1";
    options.emplace_back("plugin", plugin);
    for (const auto& [key, text] : options) {
        OptionValue value;
        value.text = text;
        value.where = "node.yaml:2:3";
        section.map.emplace_back(key, value);
    }
    const Options view("transport", section, "/");
    PluginHost host({ELECTIOND_PLUGINS}, {}, log);
    return host.make_transport(plugin, {.options = view,
                                        .cluster = "test",
                                        .node_id = "1",
                                        .log = std::move(log),
                                        .limits = limits});
}

}  // namespace electiond::bench
