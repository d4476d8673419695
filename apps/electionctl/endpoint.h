// Where a control API is: how endpoints are written, and which one is used if none is named.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace electiond::ctl {

// Where electiond's package puts the socket of the API.
inline constexpr const char* kUsualSocket = "/run/electiond/api.sock";

// "host", "host:port", a URL http://host[:port][/path], or unix:PATH with an absolute path. Returns
// it as http://host:port[/path] or unix:/path, without a slash at the end, the path
// percent-encoded. A port left out means 7400. Throws UsageError.
[[nodiscard]] std::string parse_endpoint(const std::string& text);

// The endpoint if none is named: the socket if its file exists, else http://127.0.0.1:7400.
[[nodiscard]] std::string usual_endpoint(const std::filesystem::path& socket = kUsualSocket);

// The path of unix:/path; nullopt for any other endpoint.
[[nodiscard]] std::optional<std::string> socket_path(const std::string& endpoint);

// Where an endpoint is, and what a request to it must contain.
struct Place {
    std::string socket_file{};  // empty: a TCP address
    std::string host{};
    std::uint16_t port = 0;
    std::string host_field{};  // for the Host header
    std::string path{};        // prefix of the path of each request; percent-encoded
};
// `endpoint` is as parse_endpoint gives it.
[[nodiscard]] Place place_of(const std::string& endpoint);

// The endpoint of an API that a node reports of another ("api"); nullopt if it is no address.
[[nodiscard]] std::optional<std::string> reported_endpoint(const std::string& api);

// What an errno of connect() means for an endpoint, with the remedy; nullopt if nothing special.
[[nodiscard]] std::optional<std::string> connect_failure(int error, bool by_socket);

// For messages: "http://127.0.0.1:7400/status" or "/status at unix:/run/electiond/api.sock".
[[nodiscard]] std::string request_at(const std::string& endpoint, const std::string& path);

}  // namespace electiond::ctl
