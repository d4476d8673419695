// What strangers may cost a listener: the one file of default limits.
#pragma once

#include <chrono>
#include <cstddef>

namespace electiond {

// The host reads these from the configuration (transport.limits, api.limits) and hands them over as
// values. The defaults suit a cluster of any size that the protocol allows.
struct Limits {
    // Open at once on one listener. If all are taken, the one that has been idle for longest is
    // closed for a new one.
    std::size_t connections = 10'000;
    // Of these, from one address (IPv6: one /64). Loopback and Unix sockets have only the total.
    std::size_t connections_per_address = 256;
    // Of one message.
    std::size_t header_bytes = std::size_t{16} * 1024;
    std::size_t body_bytes = std::size_t{64} * 1024;
    // Delivered, and without a response yet, on all connections together.
    std::size_t waiting_requests = 1'000;
    // From the first byte of a header to its last, and again for a body.
    std::chrono::milliseconds request_time{5'000};
    // Without a request, before a connection is closed. Clients of ours give up after 60 s, so that
    // it is not the server who closes under a request.
    std::chrono::milliseconds idle_time{90'000};

    bool operator==(const Limits&) const = default;
};

inline constexpr Limits kDefaultLimits{};

}  // namespace electiond
