// Writes a datagram as JSON, and parses it strictly.
#include "multicast/datagram.h"

#include <array>
#include <sstream>

#include <electiond/error.h>

#include "common/peer_json.h"

namespace electiond::discovery {
namespace {

constexpr int kVersion = 1;
constexpr std::array<const char*, 3> kKinds = {"ask", "here", "bye"};  // in the order of Kind

std::optional<Datagram> read(const Poco::JSON::Object& object) {
    const auto version = object.get("v");
    const auto kind = text_of(object, "kind");
    const auto cluster = text_of(object, "cluster");
    if (version.isBoolean() || !version.isInteger() || version.convert<int>() != kVersion ||
        !kind || !cluster) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
        if (*kind != kKinds[i]) continue;
        Datagram datagram{.kind = static_cast<Datagram::Kind>(i), .cluster = *cluster, .node = {}};
        if (datagram.kind == Datagram::Kind::ask) return datagram;
        const auto node = get_peer(object);
        if (!node) return std::nullopt;
        datagram.node = *node;
        return datagram;
    }
    return std::nullopt;
}

}  // namespace

std::string encode(const Datagram& datagram) {
    Poco::JSON::Object object(Poco::JSON_PRESERVE_KEY_ORDER);
    object.set("v", kVersion);
    object.set("kind", kKinds.at(static_cast<std::size_t>(datagram.kind)));
    object.set("cluster", datagram.cluster);
    if (datagram.kind != Datagram::Kind::ask) put_peer(object, datagram.node);
    std::ostringstream out;
    object.stringify(out);
    if (out.str().size() > Datagram::kSizeMax) {
        throw Error("node \"" + datagram.node.id.value + "\" needs a datagram of more than " +
                    std::to_string(Datagram::kSizeMax) +
                    " bytes; shorten cluster.name or advertise fewer addresses");
    }
    return out.str();
}

std::optional<Datagram> decode(const std::string& bytes) noexcept {
    try {
        if (bytes.size() > Datagram::kSizeMax) return std::nullopt;
        return read(*parse_object(bytes));
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

}  // namespace electiond::discovery
