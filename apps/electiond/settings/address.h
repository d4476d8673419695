// What an address says about who can reach it.
#pragma once

#include <string>

#include <electiond/peer.h>

namespace electiond {

inline constexpr char kEndpointForm[] =
    "host:port, as in 127.0.0.1:7400 or \"[::1]:7400\": an IP address or a host name, and a port "
    "from 0 to 65535";

// An IP literal or a host name: nothing is looked up.
[[nodiscard]] bool is_host(const std::string& host);

// 127.0.0.0/8, ::1, and "localhost": only this machine can reach it. Any other name counts as
// beyond.
[[nodiscard]] bool is_loopback(const Endpoint& endpoint);

// 0.0.0.0 and ::, which name no address that others could use.
[[nodiscard]] bool is_wildcard(const Endpoint& endpoint);

}  // namespace electiond
