// Writes a claim as JSON, and parses it strictly.
#include "common/claim_json.h"

#include <algorithm>
#include <sstream>

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Exception.h>
#include <Poco/Timestamp.h>

#include <electiond/wording.h>

#include "common/node_name.h"
#include "common/peer_json.h"

namespace electiond::discovery {
namespace {

constexpr std::size_t kClusterIdSizeMax = 64;
constexpr unsigned kIndent = 2;

// Peers refuse every message whose cluster id has another form (core/wire/fields.cpp), so a node
// that founded a cluster with such an id would stay alone.
bool is_cluster_id(const std::string& text) {
    return !text.empty() && text.size() <= kClusterIdSizeMax &&
           std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// What is wrong with the claim, as a clause; empty if nothing is.
std::string fault_of(const Claim& claim) {
    if (!is_cluster_id(claim.cluster_id))
        return "its clusterId is not a text of 1 to 64 printable ASCII characters";
    if (!is_node_name(claim.uuid.value))
        return "its uuid is not a text of 1 to 64 of A-Z a-z 0-9 . _ -";
    return "";
}

}  // namespace

std::optional<std::string> claim_json(const std::string& cluster, const Claim& claim,
                                      const std::string& time) {
    if (!fault_of(claim).empty()) return std::nullopt;
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
    if (auto fault = fault_of(claim); !fault.empty()) return fault;
    return claim;
}

std::string cannot_be_stored(const std::string& cluster, const Claim& claim) {
    return "a claim of " + in_quotes(cluster) + " by the cluster id " +
           in_quotes(claim.cluster_id) + " and the uuid " + in_quotes(claim.uuid.value) +
           " cannot be stored: " + fault_of(claim);
}

std::string time_text(std::chrono::system_clock::time_point time) {
    return Poco::DateTimeFormatter::format(
        Poco::Timestamp::fromEpochTime(std::chrono::system_clock::to_time_t(time)),
        Poco::DateTimeFormat::ISO8601_FORMAT);
}

}  // namespace electiond::discovery
