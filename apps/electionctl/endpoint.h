// Endpoints of a control API: their forms, and the default.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace electiond::ctl {

// The API's socket as electiond's package sets it up.
inline constexpr const char* kDefaultSocket = "/run/electiond/api.sock";

enum class Scheme { http, https };

// "host", "host:port", a URL http[s]://host[:port][/path], or unix:PATH with an absolute path.
// Returns SCHEME://host:port[/path] or unix:/path, without a slash at the end, with a
// percent-encoded path. The default port is 7400, the default scheme is `bare`. Throws UsageError.
[[nodiscard]] std::string parse_endpoint(const std::string& text, Scheme bare = Scheme::http);

// The endpoint if none is named: the socket if its file exists, else port 7400 of 127.0.0.1.
[[nodiscard]] std::string default_endpoint(const std::filesystem::path& socket = kDefaultSocket,
                                           Scheme bare = Scheme::http);

[[nodiscard]] bool is_https(const std::string& endpoint);

// True if the endpoint is a loopback address or name: 127.0.0.1, ::1, localhost. False for a Unix
// socket.
[[nodiscard]] bool is_loopback(const std::string& endpoint);

// The same endpoint with this scheme; a Unix socket is unchanged.
[[nodiscard]] std::string with_scheme(const std::string& endpoint, Scheme scheme);

// The path of unix:/path; nullopt for any other endpoint.
[[nodiscard]] std::optional<std::string> socket_path(const std::string& endpoint);

// The parts of an endpoint: the address, and what a request to it must contain.
struct Place {
    std::string socket_file{};  // empty: a TCP address
    std::string host{};
    std::uint16_t port = 0;
    bool tls = false;
    std::string host_field{};  // for the Host header
    std::string path{};        // prefix of the path of each request; percent-encoded
};
// `endpoint` is in the form that parse_endpoint returns.
[[nodiscard]] Place place_of(const std::string& endpoint);

// The endpoint of another node's API that the node at `reporter` reports ("api", as in
// "10.0.0.2:7400"). It has the scheme of `reporter`, so that a request by TLS is never followed by
// one in plain text; `bare` if `reporter` is a Unix socket. nullopt if `api` is not an address.
[[nodiscard]] std::optional<std::string> reported_endpoint(const std::string& api,
                                                           const std::string& reporter,
                                                           Scheme bare);

// The message and remedy for an errno of connect(); nullopt if there is no special one.
[[nodiscard]] std::optional<std::string> connect_failure(int error, bool by_socket);

// For messages: "http://127.0.0.1:7400/status" or "/status at unix:/run/electiond/api.sock".
[[nodiscard]] std::string request_at(const std::string& endpoint, const std::string& path);

}  // namespace electiond::ctl
