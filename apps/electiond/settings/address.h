// Classifies addresses: host syntax, loopback, wildcard.
#pragma once

#include <string>

#include <electiond/peer.h>

namespace electiond {

inline constexpr char kEndpointForm[] =
    "host:port, as in 127.0.0.1:7400 or \"[::1]:7400\": an IP address or a host name, and a port "
    "from 0 to 65535";

// True for an IP literal or a host name. Does no look-up.
[[nodiscard]] bool is_host(const std::string& host);

// True for 127.0.0.0/8, ::1 and "localhost", which only this machine can reach. False for any other
// name, since names are not looked up.
[[nodiscard]] bool is_loopback(const Endpoint& endpoint);

// True for 0.0.0.0 and ::, to which no other machine can connect.
[[nodiscard]] bool is_wildcard(const Endpoint& endpoint);

}  // namespace electiond
