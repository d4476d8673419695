// Whether a certificate names a node, and whether a message may count as that of the node it names.
#include "node/peer_identity.h"

#include <algorithm>

namespace electiond {
namespace {

constexpr std::string_view kUri = "URI:electiond://";
constexpr std::string_view kDns = "DNS:";
constexpr std::size_t kNamesShown = 3;
constexpr std::size_t kNameShown = 80;

// As cluster.name and node.id must be. Nothing else can be named, so that no separator, wildcard or
// NUL is part of what is compared.
bool is_nameable(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '.' || c == '_' || c == '-';
    });
}

bool has_dot(std::string_view text) { return text.find('.') != std::string_view::npos; }

// Is `name` these parts, one after the other? Allocates nothing: this runs for every message.
bool consists_of(std::string_view name, std::initializer_list<std::string_view> parts) {
    for (const auto part : parts) {
        if (!name.starts_with(part)) return false;
        name.remove_prefix(part.size());
    }
    return name.empty();
}

}  // namespace

NamesOfNode names_of_node(std::string_view cluster, std::string_view id) {
    NamesOfNode names;
    if (!is_nameable(cluster) || !is_nameable(id)) return names;
    names.uri.append(kUri).append(cluster).append("/").append(id);
    if (has_dot(cluster) || has_dot(id)) return names;
    names.dns.append(kDns).append(id).append(".").append(cluster);
    return names;
}

std::string names_needed(std::string_view cluster, std::string_view id) {
    const auto names = names_of_node(cluster, id);
    return names.dns.empty() ? names.uri : names.uri + " or " + names.dns;
}

bool certificate_names(const std::vector<std::string>& verified_names, std::string_view cluster,
                       std::string_view id) {
    if (!is_nameable(cluster) || !is_nameable(id)) return false;
    const bool dns = !has_dot(cluster) && !has_dot(id);
    return std::ranges::any_of(verified_names, [&](const std::string& name) {
        return consists_of(name, {kUri, cluster, "/", id}) ||
               (dns && consists_of(name, {kDns, id, ".", cluster}));
    });
}

std::optional<WrongIdentity> wrong_identity(const Sender& from,
                                            const std::vector<std::string>& verified_names,
                                            std::string_view cluster,
                                            const std::optional<NodeId>& holder) {
    const auto& id = from.id.value;
    const auto shown = [&] { return "its certificate is for " + shown_names(verified_names); };
    if (id.empty()) return WrongIdentity{"does not say which node it is; " + shown(), "update it"};
    if (!certificate_names(verified_names, cluster, id)) {
        if (!from.cluster_name.empty() && from.cluster_name != cluster) {
            return WrongIdentity{"is of cluster " + shown_names({from.cluster_name}) + ", not " +
                                     std::string(cluster) + "; " + shown(),
                                 "correct cluster.name, or the addresses that discovery lists"};
        }
        return WrongIdentity{
            "claims to be node " + id + ", but " + shown(),
            "give node " + id + " a certificate for " + names_needed(cluster, id) +
                "; if it has one, somebody else uses the certificate that was shown: revoke it"};
    }
    if (holder && *holder != from.id) {
        return WrongIdentity{"claims to be node " + id + " with the uuid of node " + holder->value +
                                 ", " + from.uuid.value + "; " + shown(),
                             "if node " + id +
                                 " uses a copy of that node's data directory, empty the copy; else "
                                 "somebody forges messages with this certificate: revoke it"};
    }
    return std::nullopt;
}

std::string shown_names(const std::vector<std::string>& verified_names) {
    if (verified_names.empty()) return "no name";
    std::string text;
    for (std::size_t i = 0; i < std::min(verified_names.size(), kNamesShown); ++i) {
        const auto& name = verified_names[i];
        if (i > 0) text += ", ";
        for (const char c : std::string_view(name).substr(0, kNameShown)) {
            text += c >= ' ' && c <= '~' ? c : '?';
        }
        if (name.size() > kNameShown) text += "...";
    }
    if (verified_names.size() > kNamesShown) {
        text += " and " + std::to_string(verified_names.size() - kNamesShown) + " more";
    }
    return text;
}

}  // namespace electiond
