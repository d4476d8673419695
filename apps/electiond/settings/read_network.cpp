// Reads where this node listens, whom it may be reached by, and what its plugins are told.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "settings/address.h"
#include "settings/read_sections.h"

namespace electiond {
namespace {

constexpr std::size_t kTokenBytesMax = 4096;

std::string octal(mode_t mode) {
    std::ostringstream text;
    text << '0' << std::oct << (mode & 07777U);
    return text.str();
}

// What changes must show. Empty where it was refused.
std::string read_token(Section& api, const std::filesystem::path& path) {
    const auto refuse = [&](const std::string& why) {
        api.fault("token_file", "is " + in_quotes(path.string()) + ", " + why);
        return std::string();
    };
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return refuse(std::string("which cannot be read: ") + std::strerror(errno) +
                      "; create it and let the daemon's user read it");
    }
    struct stat state {};
    std::array<char, kTokenBytesMax + 1> buffer{};
    const bool regular = ::fstat(file, &state) == 0 && S_ISREG(state.st_mode);
    const auto size = regular ? ::read(file, buffer.data(), buffer.size()) : -1;
    ::close(file);
    if (size < 0) return refuse("which is no file that can be read; name a file");
    if ((state.st_mode & (S_IROTH | S_IWOTH)) != 0) {
        return refuse("which everyone may read or write (mode " + octal(state.st_mode) +
                      "); chmod it to 0600 or 0640");
    }
    std::string token(buffer.data(), static_cast<std::size_t>(size));
    if (token.size() > kTokenBytesMax) return refuse("which is too large for a token (over 4 KiB)");
    token.erase(token.find_last_not_of(" \t\r\n") + 1);
    if (token.empty()) return refuse("which is empty; put a token of your choice into it");
    const auto printable = [](unsigned char c) { return c > ' ' && c < 0x7f; };
    if (!std::all_of(token.begin(), token.end(), printable)) {
        return refuse(
            "whose token holds a blank, a line break or a letter beyond ASCII; use one "
            "line of letters and digits");
    }
    return token;
}

void read_listen(Section& api, Settings& settings) {
    const auto* given = api.find("listen");
    if (given != nullptr && given->kind == Value::Kind::list) {
        for (const auto& text : api.texts("listen")) {
            const auto endpoint = Endpoint::parse(text);
            if (!endpoint || !is_host(endpoint->host)) {
                api.fault("listen", "holds " + in_quotes(text) + ", but must be " + kEndpointForm);
                continue;
            }
            auto& all = settings.api.listen;
            if (endpoint->port != 0 && std::find(all.begin(), all.end(), *endpoint) != all.end()) {
                api.fault("listen", "names " + text + " twice; name it once");
            }
            all.push_back(*endpoint);
        }
        if (given->list.empty()) api.fault("listen", "is an empty list; name one address at least");
    } else if (const auto endpoint = api.endpoint("listen")) {
        settings.api.listen.push_back(*endpoint);
    } else {
        settings.api.listen.push_back({"127.0.0.1", 7400});
        api.remember_default("listen", "127.0.0.1:7400");
    }
}

void read_hostnames(Section& api, Settings& settings) {
    for (auto name : api.texts("hostnames")) {
        if (!is_host(name)) {
            api.fault("hostnames",
                      "holds " + in_quotes(name) + ", but must be host names, without a port");
        }
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        settings.api.hostnames.push_back(std::move(name));
    }
}

std::string read_plugin_name(Section& section, const std::string& otherwise) {
    if (otherwise.empty()) {
        section.require("plugin", "name the plugin, as in plugin: file_registry");
    }
    const auto name =
        otherwise.empty() ? section.text("plugin").value_or("") : section.text("plugin", otherwise);
    if (name.empty() || (is_name(name) && name.front() != '.')) return name;
    section.fault("plugin", "is " + in_quotes(name) +
                                ", but must be a plugin's name, not a path; say in "
                                "plugins.directories where it lies");
    return "";
}

// Of a value that could not be read there is a fault already: its plugin would only miss it.
bool all_readable(const Value* value) {
    const auto readable = [](const auto& each) { return all_readable(&each.value); };
    return value == nullptr ||
           (value->kind != Value::Kind::broken && std::ranges::all_of(value->map, readable));
}

// What is the plugin's own business: it refuses what it does not know.
OptionValue plugins_own(Section& section, const Value* given,
                        const std::vector<std::string_view>& ours) {
    OptionValue own;
    own.kind = OptionValue::Kind::map;
    own.where = section.where("");
    if (given == nullptr) return own;
    for (const auto& [key, where, value] : given->map) {
        if (std::find(ours.begin(), ours.end(), key) != ours.end()) continue;
        if (value.kind == Value::Kind::none || value.kind == Value::Kind::broken) continue;
        own.map.push_back({key, to_option(value, Naming::place)});
        section.remember(key, to_option(value, Naming::origin));
    }
    return own;
}

void check_advertise(Section& transport, const Settings::Transport& into) {
    if (!into.advertise) {
        if (is_wildcard(into.listen)) {
            transport.fault("advertise", "is missing, but required where transport.listen is " +
                                             into.listen.to_string() +
                                             ": give the host:port by which peers reach this node");
        }
    } else if (is_wildcard(*into.advertise) || into.advertise->port == 0) {
        transport.fault("advertise", "is " + into.advertise->to_string() +
                                         ", which no peer can connect to; give an address and a "
                                         "port of this node");
    }
}

void check_secrecy(Section& transport, const Settings::Transport& into) {
    if (transport.has("tls")) {
        transport.fault("tls",
                        "is not built yet, and is refused rather than ignored; remove it, and "
                        "either lead the peers' traffic through a tunnel (WireGuard, stunnel) or, "
                        "on a network that you trust, set insecure: true");
        return;
    }
    const bool beyond =
        !is_loopback(into.listen) ||
        (into.advertise && !is_loopback(*into.advertise) && !is_wildcard(*into.advertise));
    if (!beyond || into.insecure) return;
    const bool by_listen = !is_loopback(into.listen);
    transport.fault(by_listen ? "listen" : "advertise",
                    "is " + (by_listen ? into.listen : *into.advertise).to_string() +
                        ", reachable beyond this machine, where anyone could forge a peer; set "
                        "transport.insecure: true where you trust the network, else keep to "
                        "loopback");
}

}  // namespace

void read_api(Section& api, Settings& settings) {
    auto& into = settings.api;
    const auto faults_before = api.faults();
    read_listen(api, settings);
    into.token_file = api.path("token_file");
    if (into.token_file) into.token = read_token(api, *into.token_file);
    into.insecure = api.flag("insecure", false);
    read_hostnames(api, settings);
    if (api.faults() > faults_before || api.has("token_file") || into.insecure) return;
    for (const auto& endpoint : into.listen) {
        if (is_loopback(endpoint)) continue;
        api.fault("listen", "is " + endpoint.to_string() +
                                ", reachable beyond this machine, where anyone could change the "
                                "cluster; set api.token_file, or api.insecure: true where you "
                                "trust the network");
        return;
    }
}

void read_transport(Section& transport, const Value* given, const std::filesystem::path& folder,
                    Settings& settings) {
    auto& into = settings.transport;
    const auto faults_before = transport.faults();
    into.plugin = read_plugin_name(transport, into.plugin);
    const auto listen = transport.endpoint("listen");
    into.listen = listen.value_or(Endpoint{"127.0.0.1", 7401});
    if (!listen) transport.remember_default("listen", into.listen.to_string());
    into.advertise = transport.endpoint("advertise");
    into.insecure = transport.flag("insecure", false);
    if (transport.faults() == faults_before) {
        check_advertise(transport, into);
        check_secrecy(transport, into);
        for (const auto& endpoint : settings.api.listen) {
            if (endpoint.port == 0 || endpoint != into.listen) continue;
            transport.fault("listen", "is " + endpoint.to_string() +
                                          ", as is api.listen; give each a port of its own");
        }
    }
    auto own = plugins_own(transport, given, {"plugin", "listen", "advertise", "insecure", "tls"});
    OptionValue address;
    address.text = into.listen.to_string();
    address.where = transport.where("listen");
    own.map.insert(own.map.begin(), {"listen", std::move(address)});
    into.options = Options("transport", std::move(own), folder);
    if (!all_readable(given)) into.plugin.clear();
}

void read_discovery(Section& entry, const Value& given, const std::filesystem::path& folder,
                    Settings& settings) {
    auto plugin = read_plugin_name(entry, "");
    auto own = plugins_own(entry, &given, {"plugin"});
    if (!all_readable(&given)) plugin.clear();
    settings.discovery.push_back(
        {std::move(plugin), Options(entry.path(), std::move(own), folder)});
}

void read_plugins(Section& plugins, Settings& settings) {
    settings.plugins.directories = plugins.paths("directories");
}

}  // namespace electiond
