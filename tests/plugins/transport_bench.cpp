// How the transport tests come by a plugin.
#include "transport_bench.h"

#include <dlfcn.h>

namespace electiond::bench {

std::unique_ptr<Transport> load(const std::string& plugin,
                                std::vector<std::pair<std::string, std::string>> options, Log log) {
    OptionValue section;
    section.kind = OptionValue::Kind::map;
    section.where = "node.yaml:1:1";
    options.emplace_back("plugin", plugin);
    for (auto& [key, text] : options) {
        OptionValue value;
        value.text = text;
        value.where = "node.yaml:2:3";
        section.map.emplace_back(key, value);
    }
    const Options view("transport", section, "/");
    const auto file = std::string(ELECTIOND_PLUGINS) + "/" + plugin + ".so";
    void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == nullptr) throw std::runtime_error(::dlerror());
    const auto* descriptor = static_cast<const PluginDescriptor*>(::dlsym(library, kPluginSymbol));
    return std::unique_ptr<Transport>(descriptor->make_transport(
        {.options = view, .cluster = "test", .node_id = "1", .log = std::move(log)}));
}

}  // namespace electiond::bench
