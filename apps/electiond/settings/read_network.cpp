// Reads the sections `transport`, `discovery` and `plugins`.
#include <algorithm>

#include <electiond/host_keys.h>

#include "settings/address.h"
#include "settings/read_sections.h"

namespace electiond {
namespace {

std::string read_plugin_name(Section& section, const std::string& otherwise) {
    if (otherwise.empty()) {
        section.require("plugin", "name the plugin, as in plugin: file_registry");
    }
    const auto name =
        otherwise.empty() ? section.text("plugin").value_or("") : section.text("plugin", otherwise);
    if (name.empty() || (is_name(name) && name.front() != '.')) return name;
    section.fault(
        "plugin",
        "is " + in_quotes(name) +
            ", but must be a plugin's name, not a path; name its directory in plugins.directories");
    return "";
}

// False if a value could not be read: its fault is known, and the plugin would call it missing.
bool all_readable(const Value* value) {
    const auto readable = [](const auto& each) { return all_readable(&each.value); };
    return value == nullptr ||
           (value->kind != Value::Kind::broken && std::ranges::all_of(value->map, readable));
}

// Returns the whole section: Options hides the keys of electiond from the plugin (host_keys.h).
OptionSection section_for_plugin(Section& section, const Value* given, PluginKind kind,
                                 const std::filesystem::path& folder) {
    OptionSection all{section.path(), {}, folder};
    all.root.kind = OptionValue::Kind::map;
    all.root.where = section.where("");
    if (given == nullptr) return all;
    const auto hosts = host_keys(kind);
    for (const auto& [key, where, value] : given->map) {
        if (value.kind == Value::Kind::broken) continue;
        all.root.map.push_back({key, to_option(value, Naming::place), where});
        const bool ours = std::find(hosts.begin(), hosts.end(), key) != hosts.end();
        if (ours || value.kind == Value::Kind::none) continue;
        section.remember(key, to_option(value, Naming::origin));
    }
    return all;
}

void check_advertise(Section& transport, const Settings::Transport& into) {
    if (!into.advertise) {
        if (is_wildcard(into.listen)) {
            transport.fault("advertise", "is missing, but required because transport.listen is " +
                                             into.listen.to_string() +
                                             ": give the host:port by which peers reach this node");
        }
    } else if (is_wildcard(*into.advertise) || into.advertise->port == 0) {
        transport.fault("advertise", "is " + into.advertise->to_string() +
                                         ", which no peer can connect to; give an address and a "
                                         "port of this node");
    }
}

void check_secrecy(Section& transport, const Settings::Transport& into, Warnings& warnings) {
    if (into.tls) return;
    const bool beyond =
        !is_loopback(into.listen) ||
        (into.advertise && !is_loopback(*into.advertise) && !is_wildcard(*into.advertise));
    if (!beyond) return;
    const bool by_listen = !is_loopback(into.listen);
    const std::string key = by_listen ? "listen" : "advertise";
    const auto address = (by_listen ? into.listen : *into.advertise).to_string();
    if (into.insecure) {
        warnings.push_back("transport.insecure: true lets peers talk in plain text on transport." +
                           key + " (" + address +
                           "), which other machines can reach: anyone who reaches it can pose as a "
                           "peer; set transport.tls (electionctl tls init makes the certificates), "
                           "or keep everybody else off this network");
        return;
    }
    transport.fault(key,
                    "is " + address +
                        ", reachable beyond this machine, where anyone could pose as a peer; set "
                        "transport.tls (electionctl tls init makes the certificates), or set "
                        "transport.insecure: true if you trust the network, else keep to loopback");
}

}  // namespace

void read_transport(Section& transport, const Value* given, const std::filesystem::path& folder,
                    Settings& settings, Warnings& warnings) {
    auto& into = settings.transport;
    const auto faults_before = transport.faults();
    into.plugin = read_plugin_name(transport, into.plugin);
    if (transport.has("plugin")) into.plugin_place = transport.where("plugin");
    const auto listen = transport.endpoint("listen");
    into.listen = listen.value_or(Endpoint{"127.0.0.1", 7401});
    if (!listen) transport.remember_default("listen", into.listen.to_string());
    into.advertise = transport.endpoint("advertise");
    into.insecure = transport.flag("insecure", false);
    read_tls(transport, into);
    read_limits(transport, into.limits);
    into.limits_set = transport.has("limits") && into.limits != Limits{};
    if (transport.faults() == faults_before) {
        check_advertise(transport, into);
        check_secrecy(transport, into, warnings);
        for (const auto& address : settings.api.listen) {
            if (into.listen.port == 0 || address != ListenAddress(into.listen)) continue;
            transport.fault("listen", "is " + into.listen.to_string() +
                                          ", as is api.listen; give each a port of its own");
        }
    }
    into.options = section_for_plugin(transport, given, PluginKind::transport, folder);
    if (!all_readable(given)) into.plugin.clear();
}

void read_discovery(Section& entry, const Value& given, const std::filesystem::path& folder,
                    Settings& settings) {
    auto plugin = read_plugin_name(entry, "");
    auto options = section_for_plugin(entry, &given, PluginKind::discovery, folder);
    if (!all_readable(&given)) plugin.clear();
    settings.discovery.push_back({std::move(plugin), std::move(options), entry.where("plugin")});
}

void read_plugins(Section& plugins, Settings& settings) {
    settings.plugins.directories = plugins.paths("directories");
}

}  // namespace electiond
