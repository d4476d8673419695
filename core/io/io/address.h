// IP addresses, and the addresses of the two ends of a socket.
#pragma once

// clang-format off
#include <utility>
#include <boost/asio/ip/address.hpp>
// clang-format on

#include <optional>
#include <string>
#include <vector>

#include <electiond/peer.h>

namespace electiond::io {

// A value; IPv6 with its scope.
using Address = boost::asio::ip::address;
using Addresses = std::vector<Address>;

// The address that `host` spells out ("127.0.0.1", "::1", "fe80::1%eth0"); nullopt for a name.
[[nodiscard]] std::optional<Address> parse_address(const std::string& host);

// One end of a TCP connection.
struct Origin {
    Address address;
    std::uint16_t port = 0;

    bool operator==(const Origin&) const = default;

    // "10.0.0.1:7401"; IPv4 also if it came by an IPv6 socket.
    [[nodiscard]] Endpoint endpoint() const;
};

// nullopt for other sockets, such as Unix sockets, and for the peer of one that is not connected.
[[nodiscard]] std::optional<Origin> own_end(int socket);
[[nodiscard]] std::optional<Origin> other_end(int socket);

}  // namespace electiond::io
