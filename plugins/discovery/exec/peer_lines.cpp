// Parses the lines of peers strictly; an error names the number of the wrong line.
#include "exec/peer_lines.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <string_view>
#include <tuple>

#include <Poco/JSON/Array.h>
#include <electiond/error.h>
#include <electiond/wording.h>

#include "common/node_name.h"
#include "common/peer_json.h"

namespace electiond::discovery {
namespace {

constexpr std::size_t kLineMax = 16 * 1024;  // bytes
constexpr char kExample[] = R"({"id": "2", "address": "10.0.0.2:7401"})";

// What is wrong with one line, as the end of a sentence.
struct Wrong {
    std::string what;
};

std::string_view trimmed(std::string_view line) {
    constexpr std::string_view kBlanks = " \t\r";
    const auto begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return line.substr(begin, line.find_last_not_of(kBlanks) - begin + 1);
}

// The string under `key`. Returns nullopt if it is missing or null: jq prints null for a missing
// value.
std::optional<std::string> optional_text(const Poco::JSON::Object& object, const std::string& key) {
    if (object.isNull(key)) return std::nullopt;
    auto text = text_of(object, key);
    if (!text) throw Wrong{"whose \"" + key + "\" must be a string"};
    return text;
}

std::optional<std::string> optional_name(const Poco::JSON::Object& object, const std::string& key) {
    auto name = optional_text(object, key);
    if (name && !is_node_name(*name)) {
        throw Wrong{"whose \"" + key + "\" must be 1 to 64 of A-Z a-z 0-9 . _ -"};
    }
    return name;
}

Endpoint endpoint_of(const std::string& key, const std::string& text) {
    auto endpoint = dialable_endpoint(text);
    if (endpoint) return *endpoint;
    throw Wrong{"whose \"" + key + "\" holds " + in_quotes(text) +
                ", but must hold host:port, with a port of 1 to 65535 and an IPv6 address in []"};
}

std::vector<Endpoint> addresses_of(const Poco::JSON::Object& object) {
    const auto single = optional_text(object, "address");
    const bool several = !object.isNull("addresses");
    if (single.has_value() == several) {
        throw Wrong{R"(which needs "address" (a string) or "addresses" (a list), and not both)"};
    }
    if (single) return {endpoint_of("address", *single)};
    const auto array = object.getArray("addresses");
    if (array.isNull() || array->size() == 0 || array->size() > kAddressesMax) {
        throw Wrong{"whose \"addresses\" must be a list of 1 to " + std::to_string(kAddressesMax)};
    }
    std::vector<Endpoint> endpoints;
    for (const auto& item : *array) {
        if (!item.isString()) throw Wrong{"whose \"addresses\" must hold strings"};
        endpoints.push_back(endpoint_of("addresses", item.extract<std::string>()));
    }
    return endpoints;
}

Poco::JSON::Object::Ptr object_of(std::string_view line) {
    try {
        return parse_object(std::string(line));
    } catch (const std::exception&) {  // Poco's message is less useful than the line itself
        throw Wrong{std::string("which must be one JSON object, as in ") + kExample};
    }
}

Peer peer_of(std::string_view line) {
    if (line.size() > kLineMax) {
        throw Wrong{"which must not be longer than " + std::to_string(kLineMax) + " bytes"};
    }
    const auto object = object_of(line);
    Peer peer{.id = NodeId(optional_name(*object, "id").value_or("")),
              .uuid = std::nullopt,
              .addresses = addresses_of(*object),
              .api = optional_text(*object, "api").value_or("")};
    if (const auto uuid = optional_name(*object, "uuid")) peer.uuid = NodeUuid(*uuid);
    if (!peer.api.empty()) (void)endpoint_of("api", peer.api);
    return peer;
}

// False if the peer would have too many addresses.
bool add(std::vector<Peer>& peers, Peer peer) {
    const auto known = std::ranges::find_if(peers, [&](const Peer& other) {
        return other.id == peer.id && other.uuid == peer.uuid &&
               (!peer.id.empty() || peer.uuid || other.addresses == peer.addresses);
    });
    if (known == peers.end()) {
        peers.push_back(std::move(peer));
        return true;
    }
    for (const auto& address : peer.addresses) {
        if (std::ranges::find(known->addresses, address) == known->addresses.end()) {
            known->addresses.push_back(address);
        }
    }
    if (known->api.empty()) known->api = peer.api;
    return known->addresses.size() <= kAddressesMax;
}

}  // namespace

std::vector<Peer> read_peer_lines(const std::string& output) {
    std::vector<Peer> peers;
    std::size_t number = 0;
    for (std::size_t at = 0; at < output.size();) {
        const auto end = std::min(output.find('\n', at), output.size());
        const auto line = trimmed(std::string_view(output).substr(at, end - at));
        at = end + 1;
        ++number;
        if (line.empty()) continue;
        try {
            if (!add(peers, peer_of(line))) {
                throw Wrong{"after which its peer has more than " + std::to_string(kAddressesMax) +
                            " addresses"};
            }
            if (peers.size() > kPeersMax) {
                throw Wrong{"which exceeds the limit of " + std::to_string(kPeersMax) + " peers"};
            }
        } catch (const Wrong& wrong) {
            throw Error("printed line " + std::to_string(number) + ", " + in_quotes(line) + ", " +
                            wrong.what,
                        Error::data);
        }
    }
    std::ranges::sort(peers, [](const Peer& a, const Peer& b) {
        return std::tie(a.id, a.uuid, a.addresses, a.api) <
               std::tie(b.id, b.uuid, b.addresses, b.api);
    });
    return peers;
}

std::string peer_line(const Peer& peer) {
    Poco::JSON::Object object(Poco::JSON_PRESERVE_KEY_ORDER);
    put_peer(object, peer);
    std::ostringstream out;
    object.stringify(out);
    return out.str();
}

}  // namespace electiond::discovery
