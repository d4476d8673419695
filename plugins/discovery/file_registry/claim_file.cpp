// The claim's file: its name, its text, and what is no claim.
#include "file_registry/claim_file.h"

#include <sstream>

#include <Poco/Exception.h>
#include <electiond/error.h>
#include <registry/files.h>

#include "common/node_name.h"
#include "common/peer_json.h"

namespace electiond::discovery {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSizeMax = 65536;
constexpr std::size_t kClusterIdSizeMax = 128;
constexpr unsigned kIndent = 2;

bool is_claim(const Claim& claim) {
    return !claim.cluster_id.empty() && claim.cluster_id.size() <= kClusterIdSizeMax &&
           is_node_name(claim.uuid.value);
}

[[noreturn]] void garbled(const fs::path& file, const std::string& why) {
    throw Error(
        "the claim " + file.string() + " cannot be read: " + why +
            "; it says who may found the cluster, so nothing is founded until it is repaired: once "
            "the cluster has a leader, remove it, and the leader writes it again; if no node of "
            "the cluster is left, run `electiond recover --claim` on one node",
        Error::data);
}

}  // namespace

fs::path claim_path(const fs::path& registry, const std::string& cluster) {
    constexpr char kHexDigits[] = "0123456789ABCDEF";
    std::string name = registry.string() + ".";
    for (const char c : cluster) {
        if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
            c == '_' || c == '-') {
            name += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            name += {'%', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
        }
    }
    return name + ".claim";
}

std::optional<Claim> read_claim(const fs::path& file, const std::string& cluster) {
    const auto text = registry::read_file(file, kSizeMax);
    if (!text) return std::nullopt;
    if (text->size() > kSizeMax) garbled(file, "it is longer than 64 KiB");
    Poco::JSON::Object::Ptr object;
    try {
        object = parse_object(*text);
    } catch (const Poco::Exception& error) {
        garbled(file, "it is not JSON (" + error.displayText() + ")");
    } catch (const std::exception& error) {
        garbled(file, error.what());
    }
    if (text_of(*object, "cluster") != cluster)
        garbled(file, "it is not of the cluster \"" + cluster + "\"");
    const Claim claim{.cluster_id = text_of(*object, "clusterId").value_or(""),
                      .uuid = NodeUuid(text_of(*object, "uuid").value_or(""))};
    if (!is_claim(claim)) garbled(file, "it has no clusterId and uuid");
    return claim;
}

std::string claim_text(const std::string& cluster, const Claim& claim, const std::string& time) {
    if (!is_claim(claim)) {
        throw Error("a claim of \"" + cluster + "\" by the cluster id \"" + claim.cluster_id +
                        "\" and the uuid \"" + claim.uuid.value + "\" cannot be stored",
                    Error::refused);
    }
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

}  // namespace electiond::discovery
