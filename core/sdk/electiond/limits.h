// The limits on what other hosts can use of a listener, with their defaults.
#pragma once

#include <chrono>
#include <cstddef>

namespace electiond {

// The host reads these from the configuration (transport.limits, api.limits), and passes them as
// values. The defaults suit a cluster of any size that the protocol allows.
struct Limits {
    // Connections that are open at the same time on one listener. If the limit is reached, a new
    // connection replaces the one that has been idle for longest.
    std::size_t connections = 10'000;
    // The same from one address (IPv6: one /64). Loopback and Unix sockets have only the limit
    // above.
    std::size_t connections_per_address = 256;
    // The size of one message.
    std::size_t header_bytes = std::size_t{16} * 1024;
    std::size_t body_bytes = std::size_t{64} * 1024;
    // Requests that are delivered and have no response yet, on all connections together.
    std::size_t waiting_requests = 1'000;
    // The longest time from the first byte of a header to its last, and again for a body.
    std::chrono::milliseconds request_time{5'000};
    // How long a connection may stay open without a request. Our clients close theirs after 60 s,
    // so the server does not close a connection on which a request is just being sent.
    std::chrono::milliseconds idle_time{90'000};

    bool operator==(const Limits&) const = default;
};

inline constexpr Limits kDefaultLimits{};

}  // namespace electiond
