// A node as JSON, the same in a registry's entry and in a datagram, and read back strictly.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <Poco/JSON/Object.h>
#include <electiond/peer.h>

namespace electiond::discovery {

inline constexpr std::size_t kAddressesMax = 16;  // of one node

// Parses host:port. Returns nullopt if nobody can connect there: port 0, or a host longer than a
// DNS name may be.
[[nodiscard]] std::optional<Endpoint> dialable_endpoint(const std::string& text);

// The object that `text` is, its keys in their order. Throws std::exception where it is none.
[[nodiscard]] Poco::JSON::Object::Ptr parse_object(const std::string& text);

// The text under `key`; nothing where there is none, or something else than a text.
[[nodiscard]] std::optional<std::string> text_of(const Poco::JSON::Object& object,
                                                 const std::string& key);

// Adds id, uuid (where known), addresses and api.
void put_peer(Poco::JSON::Object& object, const Peer& peer);

// The inverse; nothing where a key is missing, of a wrong type, or holds what no node has.
[[nodiscard]] std::optional<Peer> get_peer(const Poco::JSON::Object& object);

// Throws Error where others could not read `self` back.
void require_readable(const Peer& self);

}  // namespace electiond::discovery
