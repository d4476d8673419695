// Access control: hosts, origins and proofs.
#include "control/guard.h"

#include <Poco/String.h>
#include <io/address.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace electiond {
namespace {

// Host names are case-insensitive, and may end with the dot of the root.
std::string plain_name(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return Poco::toLower(std::string(name));
}

// The host of host[:port], without the brackets of an IPv6 literal; empty if the text has another
// form.
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

bool is_address(std::string_view host) { return io::parse_address(std::string(host)).has_value(); }

// Of this machine.
std::string own_name() {
    std::array<char, 256> name{};
    ::gethostname(name.data(), name.size() - 1);
    return name.data();
}

// Always compares every byte of `given`, so that the time it takes does not depend on the secret.
bool same_secret(std::string_view given, std::string_view secret) {
    unsigned difference = given.size() == secret.size() ? 0U : 1U;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const char other = secret[i % secret.size()];
        difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(other);
    }
    return difference == 0;
}

// What is wrong with the header Authorization; "" if it carries the token.
std::string token_fault(const std::optional<std::string>& authorization, std::string_view token) {
    static constexpr std::string_view kScheme = "bearer ";
    if (!authorization) return "the request does not have this header";
    const auto scheme = Poco::toLower(authorization->substr(0, kScheme.size()));
    if (scheme != kScheme) return "the header of the request does not have this form";
    if (same_secret(std::string_view(*authorization).substr(kScheme.size()), token)) return "";
    return "the token of the request is not the one in api.token_file of this node";
}

ApiResponse unauthorized(const std::string& detail, bool has_token) {
    auto refused = answer(Problem{401, "Unauthorized", detail});
    refused.headers.emplace_back("WWW-Authenticate",
                                 has_token ? "Bearer error=\"invalid_token\"" : "Bearer");
    return refused;
}

}  // namespace

Guard::Guard(const Access& access)
    : names_{"localhost", plain_name(own_name())},
      token_(access.token),
      operator_(access.cluster.empty() ? ""
                                       : "URI:electiond://" + access.cluster + "/role/operator"),
      clients_need_certificate_(access.clients_need_certificate),
      reading_needs_token_(access.reading_needs_token) {
    for (const auto& name : access.hostnames) names_.push_back(plain_name(name));
}

std::optional<Problem> Guard::admit(const std::optional<std::string>& host,
                                    const ApiRequest& request) const {
    const auto& origin = request.origin;
    if (host && !known_host(host_of(*host), request.own_names)) {
        return Problem{403, "Unknown host",
                       "This API does not know the name " + *host +
                           "; use an IP address, or add the name to api.hostnames."};
    }
    const auto own = Poco::toLower(host.value_or(""));
    if (origin && (own.empty() || (Poco::toLower(*origin) != "http://" + own &&
                                   Poco::toLower(*origin) != "https://" + own))) {
        return Problem{403, "Foreign origin",
                       "Pages of " + *origin + " may not use this API; only its own pages may."};
    }
    return std::nullopt;
}

bool Guard::known_host(std::string_view host, const std::vector<std::string>& own_names) const {
    static constexpr std::string_view kDns = "DNS:";
    if (is_address(host)) return true;
    const auto name = plain_name(host);
    return std::ranges::find(names_, name) != names_.end() ||
           std::ranges::any_of(own_names, [&](const std::string& own) {
               return own.starts_with(kDns) && plain_name(own.substr(kDns.size())) == name;
           });
}

std::optional<ApiResponse> Guard::refuse_change(const ApiRequest& request) const {
    if (token_.empty() && !clients_need_certificate_) return std::nullopt;
    return refuse_without_proof(request, "Changes need ");
}

std::optional<ApiResponse> Guard::refuse_reading(const ApiRequest& request) const {
    if (!reading_needs_token_) return std::nullopt;
    return refuse_without_proof(request, "Reading anything but the health checks needs ");
}

bool Guard::is_operator(const ApiRequest& request) const {
    return !operator_.empty() && std::ranges::find(request.certificate_names, operator_) !=
                                     request.certificate_names.end();
}

// Without a configured token no header could help, so the answer is 403, not 401.
std::optional<ApiResponse> Guard::refuse_without_proof(const ApiRequest& request,
                                                       const std::string& what) const {
    if (request.trusted || is_operator(request)) return std::nullopt;
    const auto certificate = "a client certificate that names " + operator_;
    if (token_.empty()) {
        return answer(Problem{
            403, "Forbidden",
            what + certificate +
                (request.certificate_names.empty() ? ", and this client has sent none with a name"
                                                   : ", and that of this client does not") +
                "; use the certificate of an operator, or set api.token_file on this node."});
    }
    const auto fault = token_fault(request.authorization, token_);
    if (fault.empty()) return std::nullopt;
    return unauthorized(what + "the header `Authorization: Bearer TOKEN`" +
                            (clients_need_certificate_ ? ", or " + certificate : "") + "; " +
                            fault + ".",
                        request.authorization.has_value());
}

}  // namespace electiond
