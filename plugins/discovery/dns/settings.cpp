// The options of the discovery `dns`.
#include "dns/settings.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <optional>

namespace electiond::discovery {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kServersMax = 8;

// "10.0.0.2", "10.0.0.2:8600", "::1", "[::1]:8600".
std::optional<Endpoint> server_of(const std::string& text) {
    auto bare = text;
    if (bare.size() > 2 && bare.front() == '[' && bare.back() == ']') {
        bare = bare.substr(1, bare.size() - 2);
    }
    if (const auto address = canonical_address(bare)) return Endpoint{*address, kDnsPort};
    auto endpoint = Endpoint::parse(text);
    if (!endpoint || endpoint->port == 0) return std::nullopt;
    const auto address = canonical_address(endpoint->host);
    if (!address) return std::nullopt;
    endpoint->host = *address;
    return endpoint;
}

bool is_link_local(const Endpoint& server) {
    in6_addr address{};
    return ::inet_pton(AF_INET6, server.host.c_str(), &address) == 1 &&
           IN6_IS_ADDR_LINKLOCAL(&address);
}

std::vector<Endpoint> read_servers(Options& options) {
    constexpr char kKey[] = "servers";
    constexpr char kItem[] =
        "IP addresses, with a port if it is not 53, as in 10.0.0.2, \"127.0.0.1:8600\" or "
        "\"[fd00::2]:53\"";
    std::vector<Endpoint> servers;
    const auto* given = options.value(kKey);
    if (given == nullptr) return servers;
    const auto list = "a list of 1 to 8 " + std::string(kItem);
    if (given->kind != OptionValue::Kind::list) {
        options.wrong(kKey, list);
        return servers;
    }
    if (given->list.empty() || given->list.size() > kServersMax) {
        options.fault(
            kKey, "is a list of " + std::to_string(given->list.size()) + ", but must be " + list);
        return servers;
    }
    for (const auto& item : given->list) {
        const auto server =
            item.kind == OptionValue::Kind::text ? server_of(item.text) : std::nullopt;
        if (!server) {
            options.wrong_item(kKey, item, kItem);
        } else if (is_link_local(*server)) {
            options.fault(kKey,
                          "holds " + item.shown() +
                              ", which is link-local and needs an interface; name another "
                              "address of this server",
                          item.where);
        } else if (std::ranges::find(servers, *server) != servers.end()) {
            options.fault(kKey, "holds " + item.shown() + " a second time; name each server once",
                          item.where);
        } else {
            servers.push_back(*server);
        }
    }
    return servers;
}

std::string read_name(Options& options, const std::string& key, const std::string& example) {
    const auto name = options.text(key, {});
    if (name.empty() || is_dns_name(name)) return normal_name(name);
    const bool address = canonical_address(name).has_value();
    options.wrong(key, "a fully qualified name, as in " + example +
                           (address ? "; addresses are for static_list" : ""));
    return {};
}

}  // namespace

DnsSettings read_settings(Options& options) {
    DnsSettings settings;
    const bool has_host = options.has("host"), has_srv = options.has("srv");
    settings.host = read_name(options, "host", "electiond.example.org");
    settings.srv = read_name(options, "srv", "_electiond._tcp.example.org");
    if (has_host && has_srv) {
        options.fault(
            "srv",
            "is given together with host; keep one of them, or write two entries of discovery");
    } else if (!has_host && !has_srv) {
        options.missing("host",
                        "give host, whose A and AAAA records are the nodes, or srv, whose SRV "
                        "records are");
    }
    settings.port = static_cast<std::uint16_t>(options.integer("port", 1, 65535, 7401));
    if (has_srv && !has_host && options.has("port")) {
        options.fault("port",
                      "is given together with srv, whose records contain the ports; remove it");
    }
    const auto family = options.text("family", "any");
    if (family != "any" && family != "ipv4" && family != "ipv6") {
        options.wrong("family", "any, ipv4 or ipv6");
    }
    settings.ipv4 = family != "ipv6";
    settings.ipv6 = family != "ipv4";
    settings.client.servers = read_servers(options);
    settings.client.tcp = options.flag("tcp", false);
    settings.timeout = options.duration("timeout", 2s);
    // electiond requests a stop of a call after 5 s; the plugin must report the reason before that.
    if (settings.timeout < 100ms || settings.timeout > 4s) {
        options.wrong("timeout", "100ms to 4s");
    }
    settings.least_ttl = options.duration("min_ttl", 200ms);
    if (settings.least_ttl > 1h) options.wrong("min_ttl", "0ms to 1h");
    settings.most_ttl =
        options.duration("max_ttl", std::max<std::chrono::milliseconds>(30s, settings.least_ttl));
    if (settings.most_ttl < settings.least_ttl || settings.most_ttl > 24h) {
        options.wrong("max_ttl", "min_ttl to 24h");
    }
    return settings;
}

}  // namespace electiond::discovery
