// Classifies addresses.
#include "settings/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cctype>
#include <optional>

namespace electiond {
namespace {

// Returns an IPv6 address. IPv4 is mapped, so that both spellings compare equal.
std::optional<in6_addr> parse_ip(const std::string& host) {
    in6_addr address{};
    if (inet_pton(AF_INET6, host.c_str(), &address) == 1) return address;
    if (inet_pton(AF_INET, host.c_str(), address.s6_addr + 12) != 1) return std::nullopt;
    address.s6_addr[10] = address.s6_addr[11] = 0xff;
    return address;
}

}  // namespace

bool is_host(const std::string& host) {
    if (parse_ip(host)) return true;
    const auto allowed = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
    };
    // Digits and dots alone are a mistyped address: a resolver must not guess its meaning.
    const bool has_letter =
        std::any_of(host.begin(), host.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
    return has_letter && host.size() <= 253 && host.front() != '-' && host.front() != '.' &&
           std::all_of(host.begin(), host.end(), allowed);
}

bool is_loopback(const Endpoint& endpoint) {
    if (endpoint.host == "localhost") return true;
    const auto ip = parse_ip(endpoint.host);
    if (!ip) return false;
    return IN6_IS_ADDR_LOOPBACK(&*ip) || (IN6_IS_ADDR_V4MAPPED(&*ip) && ip->s6_addr[12] == 127);
}

bool is_wildcard(const Endpoint& endpoint) {
    const auto ip = parse_ip(endpoint.host);
    if (!ip) return false;
    const auto* v4 = ip->s6_addr + 12;
    return IN6_IS_ADDR_UNSPECIFIED(&*ip) ||
           (IN6_IS_ADDR_V4MAPPED(&*ip) && std::all_of(v4, v4 + 4, [](auto b) { return b == 0; }));
}

}  // namespace electiond
