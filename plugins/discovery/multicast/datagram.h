// The datagrams between the nodes of a multicast group.
#pragma once

#include <optional>
#include <string>

#include <electiond/peer.h>

namespace electiond::discovery {

struct Datagram {
    static constexpr std::size_t kSizeMax = 1400;  // bytes; fits every Ethernet unfragmented

    enum class Kind { ask, here, bye };  // asks for all nodes; announces a node; withdraws it
    Kind kind = Kind::ask;
    std::string cluster;
    Peer node;  // of here and bye

    bool operator==(const Datagram&) const = default;
};

// JSON text. Throws Error if it would be longer than kSizeMax.
[[nodiscard]] std::string encode(const Datagram& datagram);

// nullopt if the bytes are not in the form of encode(). Never throws, since anybody may send to a
// group.
[[nodiscard]] std::optional<Datagram> decode(const std::string& bytes) noexcept;

}  // namespace electiond::discovery
