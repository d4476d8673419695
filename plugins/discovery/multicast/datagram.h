// What the nodes of one multicast group tell each other.
#pragma once

#include <optional>
#include <string>

#include <electiond/peer.h>

namespace electiond::discovery {

struct Datagram {
    static constexpr std::size_t kSizeMax = 1400;  // bytes; fits every Ethernet unfragmented

    enum class Kind { ask, here, bye };  // who is there?; here I am; I leave
    Kind kind = Kind::ask;
    std::string cluster;
    Peer node;  // of here and bye

    bool operator==(const Datagram&) const = default;
};

// JSON text. Throws Error where it would be longer than kSizeMax.
[[nodiscard]] std::string encode(const Datagram& datagram);

// Nothing where the bytes are not what encode() writes. Anybody may send to a group: never throws.
[[nodiscard]] std::optional<Datagram> decode(const std::string& bytes) noexcept;

}  // namespace electiond::discovery
