// Endpoints of a control API: their forms, and the default.
#include "electionctl/endpoint.h"

#include <Poco/Exception.h>
#include <Poco/URI.h>
#include <io/address.h>
#include <io/unix_socket.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "electionctl/arguments.h"
#include "electionctl/record.h"

namespace electiond::ctl {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";
constexpr unsigned short kPort = 7400;

std::string_view text_of(Scheme scheme) { return scheme == Scheme::https ? kHttps : kHttp; }

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
    throw UsageError("endpoint '" + text + "' " + why +
                     ": expected https://host:port, http://host:port or unix:/path");
}

std::string parse_socket(const std::string& text) {
    const std::filesystem::path path(text.substr(kUnix.size()));
    if (!path.is_absolute() || !path.has_filename()) refuse(text, "has no absolute path to a file");
    const auto normal = path.lexically_normal().string();
    if (normal.size() > io::UnixSocket::kPathMax) {
        refuse(text, "has a path of more than " + std::to_string(io::UnixSocket::kPathMax) +
                         " bytes, which no socket can have");
    }
    return std::string(kUnix) + normal;
}

// Poco decodes the paths that it reads.
std::string encoded(const std::string& path) {
    std::string result;
    Poco::URI::encode(path, "?#", result);
    return result;
}

std::string parse_url(const std::string& text, Scheme bare) try {
    const bool has_scheme = text.find("://") != std::string::npos;
    const Poco::URI uri(has_scheme ? text : std::string(text_of(bare)) + text);
    const auto scheme = uri.getScheme() + "://";
    if (scheme != kHttp && scheme != kHttps) refuse(text, "is neither http nor https");
    if (uri.getHost().empty()) refuse(text, "names no host");
    if (!uri.getUserInfo().empty()) {
        refuse(text, "holds a user name or password, which electiond does not ask for");
    }
    if (!uri.getRawQuery().empty() || !uri.getFragment().empty()) refuse(text, "has a query");
    const auto& host = uri.getHost();
    const auto port = uri.getSpecifiedPort();
    std::string whole = scheme + (host.find(':') == std::string::npos ? host : "[" + host + "]") +
                        ":" + std::to_string(port == 0 ? kPort : port) + encoded(uri.getPath());
    while (whole.ends_with('/')) whole.pop_back();
    return whole;
} catch (const Poco::Exception&) {
    refuse(text, "is not a URL");
}

}  // namespace

std::string parse_endpoint(const std::string& text, Scheme bare) {
    return text.starts_with(kUnix) ? parse_socket(text) : parse_url(text, bare);
}

bool is_https(const std::string& endpoint) { return endpoint.starts_with(kHttps); }

bool is_loopback(const std::string& endpoint) {
    const auto host = place_of(endpoint).host;
    const auto address = io::parse_address(host);
    return host == "localhost" || (address && address->is_loopback());
}

std::string with_scheme(const std::string& endpoint, Scheme scheme) {
    if (endpoint.starts_with(kUnix)) return endpoint;
    const auto rest = endpoint.substr(endpoint.find("://") + 3);
    return std::string(text_of(scheme)) + rest;
}

std::string default_endpoint(const std::filesystem::path& socket, Scheme bare) {
    std::error_code unreadable;
    if (std::filesystem::exists(socket, unreadable)) return std::string(kUnix) + socket.string();
    return std::string(text_of(bare)) + "127.0.0.1:" + std::to_string(kPort);
}

std::optional<std::string> socket_path(const std::string& endpoint) {
    if (!endpoint.starts_with(kUnix)) return std::nullopt;
    return endpoint.substr(kUnix.size());
}

Place place_of(const std::string& endpoint) {
    if (const auto file = socket_path(endpoint)) {
        return {.socket_file = *file, .host_field = "localhost"};
    }
    const Poco::URI uri(endpoint);
    const bool bracketed = uri.getHost().find(':') != std::string::npos;
    const std::string host = bracketed ? "[" + uri.getHost() + "]" : uri.getHost();
    return {.host = uri.getHost(),
            .port = uri.getPort(),
            .tls = is_https(endpoint),
            .host_field = printable(host + ":" + std::to_string(uri.getPort())),
            .path = encoded(uri.getPath())};
}

std::optional<std::string> reported_endpoint(const std::string& api, const std::string& reporter,
                                             Scheme bare) try {
    // Another node cannot know the Unix sockets of this machine, and must not choose the scheme.
    if (api.empty() || api.starts_with(kUnix) || api.find("://") != std::string::npos) {
        return std::nullopt;
    }
    if (!socket_path(reporter)) bare = is_https(reporter) ? Scheme::https : Scheme::http;
    return parse_endpoint(api, bare);
} catch (const UsageError&) {
    return std::nullopt;
}

std::optional<std::string> connect_failure(int error, bool by_socket) {
    if (!by_socket) {
        if (error == ECONNREFUSED) return "connection refused: nothing listens there";
        return std::nullopt;
    }
    switch (error) {
        case ECONNREFUSED:
            return "connection refused: the file exists, but no electiond listens on it; start "
                   "electiond, or name another endpoint";
        case ENOENT:
            return "no such socket";
        case EACCES:
            return "permission denied: api.socket_mode and api.socket_group decide who may connect";
        default:
            return std::nullopt;
    }
}

std::string request_at(const std::string& endpoint, const std::string& path) {
    return socket_path(endpoint) ? path + " at " + endpoint : endpoint + path;
}

}  // namespace electiond::ctl
