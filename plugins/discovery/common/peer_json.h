// A node as JSON, the same in a registry's entry and in a datagram; parsed strictly.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <Poco/JSON/Object.h>
#include <electiond/peer.h>

namespace electiond::discovery {

inline constexpr std::size_t kAddressesMax = 16;  // of one node

// Parses host:port. Returns nullopt if no node can listen there: port 0, or a host longer than a
// DNS name may be.
[[nodiscard]] std::optional<Endpoint> dialable_endpoint(const std::string& text);

// Parses a JSON object and keeps the order of its keys. Throws std::exception if `text` is not one.
[[nodiscard]] Poco::JSON::Object::Ptr parse_object(const std::string& text);

// The string under `key`; nullopt if it is missing or not a string.
[[nodiscard]] std::optional<std::string> text_of(const Poco::JSON::Object& object,
                                                 const std::string& key);

// Adds id, uuid (if known), addresses and api.
void put_peer(Poco::JSON::Object& object, const Peer& peer);

// The inverse. Returns nullopt if a key is missing, or has a wrong type or an impossible value.
[[nodiscard]] std::optional<Peer> get_peer(const Poco::JSON::Object& object);

// Throws Error if other nodes could not read `self` back.
void require_readable(const Peer& self);

}  // namespace electiond::discovery
