// Whether a certificate names a node.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

// Pure functions: any thread, nothing is kept between calls. Names of certificates are written as
// the transports give them: "URI:electiond://lab/1", "DNS:1.lab".
namespace electiond {

// The names by which a certificate may name a node; either is enough.
struct NamesOfNode {
    std::string uri{};  // always possible
    std::string dns{};  // empty if cluster or id contains a dot
};
// For node `id` of `cluster`, both as the settings allow them. Empty if one of them is not so.
[[nodiscard]] inline NamesOfNode names_of_node(std::string_view cluster, std::string_view id) {
    NamesOfNode names;
    if (cluster.empty() || id.empty()) return names;
    names.uri.append("URI:electiond://").append(cluster).append("/").append(id);
    if (cluster.find('.') == cluster.npos && id.find('.') == id.npos) {
        names.dns.append("DNS:").append(id).append(".").append(cluster);
    }
    return names;
}

// The same for an operator: "URI:electiond://lab/1 or DNS:1.lab", or the first alone.
[[nodiscard]] inline std::string names_needed(std::string_view cluster, std::string_view id) {
    const auto names = names_of_node(cluster, id);
    return names.dns.empty() ? names.uri : names.uri + " or " + names.dns;
}

// Does one of `verified_names` name node `id` of `cluster`? Byte by byte; no wildcard matches.
[[nodiscard]] inline bool certificate_names(const std::vector<std::string>& verified_names,
                                            std::string_view cluster, std::string_view id) {
    const auto names = names_of_node(cluster, id);
    return std::ranges::any_of(verified_names, [&](const std::string& name) {
        return !name.empty() && (name == names.uri || name == names.dns);
    });
}

// The names of a certificate for a log line.
[[nodiscard]] inline std::string shown_names(const std::vector<std::string>& verified_names) {
    if (verified_names.empty()) return "no name";
    std::string text;
    for (const auto& name : verified_names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

}  // namespace electiond
