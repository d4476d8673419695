// Writes a claim as JSON, and parses it strictly.
#include "common/claim_json.h"

#include <sstream>

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Exception.h>
#include <Poco/Timestamp.h>

#include "common/node_name.h"
#include "common/peer_json.h"

namespace electiond::discovery {
namespace {

constexpr std::size_t kClusterIdSizeMax = 128;
constexpr unsigned kIndent = 2;

bool is_claim(const Claim& claim) {
    return !claim.cluster_id.empty() && claim.cluster_id.size() <= kClusterIdSizeMax &&
           is_node_name(claim.uuid.value);
}

}  // namespace

std::optional<std::string> claim_json(const std::string& cluster, const Claim& claim,
                                      const std::string& time) {
    if (!is_claim(claim)) return std::nullopt;
    Poco::JSON::Object object(Poco::JSON_PRESERVE_KEY_ORDER);
    object.set("cluster", cluster);
    object.set("clusterId", claim.cluster_id);
    object.set("uuid", claim.uuid.value);
    object.set("claimedAt", time);
    std::ostringstream out;
    object.stringify(out, kIndent);
    out << '\n';
    return out.str();
}

std::variant<Claim, std::string> read_claim_json(const std::string& text,
                                                 const std::string& cluster) {
    Poco::JSON::Object::Ptr object;
    try {
        object = parse_object(text);
    } catch (const Poco::Exception& error) {
        return "it is not JSON (" + error.displayText() + ")";
    } catch (const std::exception& error) {
        return std::string(error.what());
    }
    if (text_of(*object, "cluster") != cluster)
        return "it is not of the cluster \"" + cluster + "\"";
    Claim claim{.cluster_id = text_of(*object, "clusterId").value_or(""),
                .uuid = NodeUuid(text_of(*object, "uuid").value_or(""))};
    if (!is_claim(claim)) return "it has no clusterId and uuid";
    return claim;
}

std::string cannot_be_stored(const std::string& cluster, const Claim& claim) {
    return "a claim of \"" + cluster + "\" by the cluster id \"" + claim.cluster_id +
           "\" and the uuid \"" + claim.uuid.value + "\" cannot be stored";
}

std::string time_text(std::chrono::system_clock::time_point time) {
    return Poco::DateTimeFormatter::format(
        Poco::Timestamp::fromEpochTime(std::chrono::system_clock::to_time_t(time)),
        Poco::DateTimeFormat::ISO8601_FORMAT);
}

}  // namespace electiond::discovery
