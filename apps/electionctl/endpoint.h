// Where a control API is: how endpoints are written, and which one is used if none is named.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace electiond::ctl {

// Where electiond's package puts the socket of the API.
inline constexpr const char* kUsualSocket = "/run/electiond/api.sock";

enum class Scheme { http, https };

// "host", "host:port", a URL http[s]://host[:port][/path], or unix:PATH with an absolute path.
// Returns it as SCHEME://host:port[/path] or unix:/path, without a slash at the end, the path
// percent-encoded. A port left out means 7400, a scheme left out `bare`. Throws UsageError.
[[nodiscard]] std::string parse_endpoint(const std::string& text, Scheme bare = Scheme::http);

// The endpoint if none is named: the socket if its file exists, else port 7400 of 127.0.0.1.
[[nodiscard]] std::string usual_endpoint(const std::filesystem::path& socket = kUsualSocket,
                                         Scheme bare = Scheme::http);

[[nodiscard]] bool is_https(const std::string& endpoint);

// Whether the endpoint is an address, or the name, of the machine that asks: 127.0.0.1, ::1,
// localhost. False for a Unix socket.
[[nodiscard]] bool is_loopback(const std::string& endpoint);

// The same endpoint by this scheme; a Unix socket unchanged.
[[nodiscard]] std::string with_scheme(const std::string& endpoint, Scheme scheme);

// The path of unix:/path; nullopt for any other endpoint.
[[nodiscard]] std::optional<std::string> socket_path(const std::string& endpoint);

// Where an endpoint is, and what a request to it must contain.
struct Place {
    std::string socket_file{};  // empty: a TCP address
    std::string host{};
    std::uint16_t port = 0;
    bool tls = false;
    std::string host_field{};  // for the Host header
    std::string path{};        // prefix of the path of each request; percent-encoded
};
// `endpoint` is as parse_endpoint gives it.
[[nodiscard]] Place place_of(const std::string& endpoint);

// The endpoint of an API that the node at `reporter` reports of another ("api", as in
// "10.0.0.2:7400"). It has the scheme of `reporter`, so that what is asked by TLS is never followed
// by plain text; `bare` if that is a Unix socket. nullopt if it is no address.
[[nodiscard]] std::optional<std::string> reported_endpoint(const std::string& api,
                                                           const std::string& reporter,
                                                           Scheme bare);

// What an errno of connect() means for an endpoint, with the remedy; nullopt if nothing special.
[[nodiscard]] std::optional<std::string> connect_failure(int error, bool by_socket);

// For messages: "http://127.0.0.1:7400/status" or "/status at unix:/run/electiond/api.sock".
[[nodiscard]] std::string request_at(const std::string& endpoint, const std::string& path);

}  // namespace electiond::ctl
