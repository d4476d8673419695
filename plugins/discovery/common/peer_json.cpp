// Writes a node as JSON, and parses it strictly.
#include "common/peer_json.h"

#include <stdexcept>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Parser.h>
#include <electiond/error.h>

#include "common/node_name.h"

namespace electiond::discovery {
namespace {

constexpr std::size_t kHostSizeMax = 253;  // the longest name that DNS allows

std::optional<std::vector<Endpoint>> endpoints_of(const Poco::JSON::Object& object) {
    const auto array = object.getArray("addresses");
    if (array.isNull() || array->size() == 0 || array->size() > kAddressesMax) return std::nullopt;
    std::vector<Endpoint> endpoints;
    for (const auto& item : *array) {
        const auto endpoint =
            item.isString() ? dialable_endpoint(item.extract<std::string>()) : std::nullopt;
        if (!endpoint) return std::nullopt;
        endpoints.push_back(*endpoint);
    }
    return endpoints;
}

}  // namespace

std::optional<Endpoint> dialable_endpoint(const std::string& text) {
    auto endpoint = Endpoint::parse(text);
    if (endpoint && (endpoint->port == 0 || endpoint->host.size() > kHostSizeMax)) endpoint.reset();
    return endpoint;
}

Poco::JSON::Object::Ptr parse_object(const std::string& text) {
    Poco::JSON::Parser parser(new Poco::JSON::ParseHandler(true));
    const auto value = parser.parse(text);
    if (value.type() != typeid(Poco::JSON::Object::Ptr))
        throw std::runtime_error("it is not a JSON object");
    return value.extract<Poco::JSON::Object::Ptr>();
}

std::optional<std::string> text_of(const Poco::JSON::Object& object, const std::string& key) {
    const auto value = object.get(key);
    if (!value.isString()) return std::nullopt;
    return value.extract<std::string>();
}

void put_peer(Poco::JSON::Object& object, const Peer& peer) {
    Poco::JSON::Array::Ptr addresses = new Poco::JSON::Array;
    for (const auto& endpoint : peer.addresses) addresses->add(endpoint.to_string());
    object.set("id", peer.id.value);
    if (peer.uuid) object.set("uuid", peer.uuid->value);
    object.set("addresses", addresses);
    object.set("api", peer.api);
}

std::optional<Peer> get_peer(const Poco::JSON::Object& object) {
    const auto id = text_of(object, "id");
    const auto uuid = text_of(object, "uuid");
    const auto api = object.has("api") ? text_of(object, "api") : std::string();
    const auto addresses = endpoints_of(object);
    if (!id || !is_node_name(*id) || !api || !addresses) return std::nullopt;
    if (object.has("uuid") && (!uuid || !is_node_name(*uuid))) return std::nullopt;
    if (!api->empty() && !dialable_endpoint(*api)) return std::nullopt;
    Peer peer{.id = NodeId(*id), .uuid = std::nullopt, .addresses = *addresses, .api = *api};
    if (uuid) peer.uuid = NodeUuid(*uuid);
    return peer;
}

void require_readable(const Peer& self) {
    Poco::JSON::Object object;
    put_peer(object, self);
    if (get_peer(object) == self) return;
    throw Error("node \"" + self.id.value +
                "\" cannot be announced: it needs an id and a uuid of 1 to 64 of A-Z a-z 0-9 . _ "
                "-, 1 to 16 addresses host:port with a port of 1 to 65535, and an api that is "
                "host:port or empty; correct node.id, transport.advertise or api.listen");
}

}  // namespace electiond::discovery
