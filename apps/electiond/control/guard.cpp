// Who may ask.
#include "control/guard.h"

#include <Poco/Exception.h>
#include <Poco/Net/DNS.h>
#include <Poco/Net/IPAddress.h>
#include <Poco/String.h>

#include <algorithm>
#include <utility>

namespace electiond {
namespace {

// Host names are the same in capitals, and with the dot of the root.
std::string plain_name(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return Poco::toLower(std::string(name));
}

// The host of host[:port], without the brackets of an IPv6 literal; empty where it is neither.
std::string_view host_of(std::string_view authority) {
    std::string_view port;
    auto host = authority;
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == std::string_view::npos) return {};
        host = authority.substr(1, end - 1);
        port = authority.substr(end + 1);
    } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
        host = authority.substr(0, colon);
        port = authority.substr(colon);
    }
    const bool number = port.empty() || (port.front() == ':' &&
                                         port.find_first_not_of("0123456789", 1) == port.npos);
    return number ? host : std::string_view{};
}

bool is_address(std::string_view host) {
    Poco::Net::IPAddress address;
    return Poco::Net::IPAddress::tryParse(std::string(host), address);
}

// Compares every byte of what was given, however early they differ.
bool same_secret(std::string_view given, std::string_view secret) {
    unsigned difference = given.size() == secret.size() ? 0U : 1U;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const char other = secret[i % secret.size()];
        difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(other);
    }
    return difference == 0;
}

}  // namespace

Guard::Guard(const std::vector<std::string>& hostnames, std::string token)
    : names_{"localhost", plain_name(Poco::Net::DNS::hostName())}, token_(std::move(token)) {
    for (const auto& name : hostnames) names_.push_back(plain_name(name));
}

std::optional<Problem> Guard::admit(const std::optional<std::string>& host,
                                    const std::optional<std::string>& origin) const {
    if (host && !known_host(host_of(*host))) {
        return Problem{403, "Unknown host",
                       "This API is not asked as " + *host +
                           "; use an IP address, or add the name to api.hostnames."};
    }
    const auto own = Poco::toLower(host.value_or(""));
    if (origin && (own.empty() || (Poco::toLower(*origin) != "http://" + own &&
                                   Poco::toLower(*origin) != "https://" + own))) {
        return Problem{403, "Foreign origin",
                       "Pages of " + *origin + " may not ask this API; only its own may."};
    }
    return std::nullopt;
}

bool Guard::known_host(std::string_view host) const {
    return is_address(host) || std::ranges::find(names_, plain_name(host)) != names_.end();
}

bool Guard::may_change(const std::optional<std::string>& authorization) const {
    static constexpr std::string_view kScheme = "bearer ";
    if (token_.empty()) return true;
    if (!authorization || authorization->size() < kScheme.size()) return false;
    const auto scheme = Poco::toLower(authorization->substr(0, kScheme.size()));
    return scheme == kScheme &&
           same_secret(std::string_view(*authorization).substr(kScheme.size()), token_);
}

}  // namespace electiond
