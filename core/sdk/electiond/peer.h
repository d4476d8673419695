// A node and its addresses: the types that discovery, transport and election share.
#pragma once

#include <charconv>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace electiond {

// A string that cannot be mistaken for another kind of string.
template <class Tag>
struct Name {
    std::string value;

    Name() = default;
    explicit Name(std::string text) : value(std::move(text)) {}

    [[nodiscard]] bool empty() const noexcept { return value.empty(); }
    auto operator<=>(const Name&) const = default;
};

using NodeId = Name<struct NodeIdTag>;      // the operator's short name of a node: "1", "db-2"
using NodeUuid = Name<struct NodeUuidTag>;  // identity of one data directory, drawn when first used

// An address to connect to or to listen on. `host` is an IP literal (IPv6 without brackets) or a
// host name.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;

    auto operator<=>(const Endpoint&) const = default;

    // "127.0.0.1:4001", "[::1]:4001".
    [[nodiscard]] std::string to_string() const {
        const bool bracket = host.find(':') != std::string::npos;
        return (bracket ? "[" + host + "]" : host) + ":" + std::to_string(port);
    }

    // The inverse of to_string. nullopt if the text is not host:port with a port of 0 to 65535.
    [[nodiscard]] static std::optional<Endpoint> parse(std::string_view text) {
        const auto colon = text.rfind(':');
        if (colon == std::string_view::npos || colon == 0) return std::nullopt;
        auto host = text.substr(0, colon);
        const auto digits = text.substr(colon + 1);
        if (host.front() == '[') {
            if (host.size() < 3 || host.back() != ']') return std::nullopt;
            host = host.substr(1, host.size() - 2);
        } else if (host.find(':') != std::string_view::npos) {
            return std::nullopt;  // an IPv6 literal needs its brackets
        }
        for (const char c : host) {
            if (c <= ' ' || c == '[' || c == ']' || c == '/' || c == 0x7f) return std::nullopt;
        }
        unsigned port = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), port);
        if (error != std::errc{} || end != digits.data() + digits.size() || port > 65535) {
            return std::nullopt;
        }
        return Endpoint{std::string(host), static_cast<std::uint16_t>(port)};
    }
};

// One node as a discovery lists it. A hint, never a fact: nothing here changes a quorum
// (protocol.md, section 6).
struct Peer {
    NodeId id;                        // empty if a discovery knows only an address
    std::optional<NodeUuid> uuid;     // if the discovery knows it
    std::vector<Endpoint> addresses;  // of its transport, best first
    std::string api;                  // host:port of its control API; may be empty

    bool operator==(const Peer&) const = default;
};

// What an arbiter stores: the cluster's id, and the node that founds it.
struct Claim {
    std::string cluster_id;
    NodeUuid uuid;

    bool operator==(const Claim&) const = default;
};

}  // namespace electiond

template <class Tag>
struct std::hash<electiond::Name<Tag>> {
    std::size_t operator()(const electiond::Name<Tag>& name) const noexcept {
        return std::hash<std::string>{}(name.value);
    }
};
