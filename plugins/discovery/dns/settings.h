// The options of the discovery `dns`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <electiond/options.h>

#include "dns/client.h"

namespace electiond::discovery {

struct DnsSettings {
    std::string host{};  // its A and AAAA records are the nodes, all at `port`; or else
    std::string srv{};   // its SRV records are; one of the two is empty
    std::uint16_t port = 0;
    bool ipv4 = true;
    bool ipv6 = true;
    ClientSettings client{};
    std::chrono::milliseconds timeout{};  // of a whole look-up
    std::chrono::milliseconds least_ttl{};
    std::chrono::milliseconds most_ttl{};
};

// Records each fault in `options`; the result is valid only if there is none.
[[nodiscard]] DnsSettings read_settings(Options& options);

}  // namespace electiond::discovery
