// The claim file: its name, its text, and the message if it cannot be read.
#include "file_registry/claim_file.h"

#include <variant>

#include <electiond/error.h>
#include <registry/files.h>

#include "common/claim_json.h"

namespace electiond::discovery {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSizeMax = 65536;

[[noreturn]] void garbled(const fs::path& file, const std::string& why) {
    throw Error(
        "the claim " + file.string() + " cannot be read: " + why +
            "; it decides which node may found the cluster, so no cluster is founded until it is "
            "repaired: if the cluster has a leader, remove it, and the leader writes it again; if "
            "no node of the cluster is left, run `electiond recover --claim` on one node",
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
    const auto read = read_claim_json(*text, cluster);
    if (const auto* why = std::get_if<std::string>(&read)) garbled(file, *why);
    return std::get<Claim>(read);
}

std::string claim_text(const std::string& cluster, const Claim& claim, const std::string& time) {
    auto text = claim_json(cluster, claim, time);
    if (!text) throw Error(cannot_be_stored(cluster, claim), Error::refused);
    return *text;
}

}  // namespace electiond::discovery
