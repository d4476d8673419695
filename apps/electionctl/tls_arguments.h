// Reads and checks the command line after `electionctl tls`.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace electiond::ctl {

// "2=10.0.0.2,node2.example": a node, and the addresses by which clients reach its API.
struct NodeArgument {
    std::string id{};
    std::vector<std::string> names{};  // as in a SAN: "IP:10.0.0.2", "DNS:node2.example"
    bool has_addresses = false;        // the argument has an equals sign
};

struct TlsArguments {
    std::string verb{};                          // init, add, renew, revoke, show; empty: help
    std::vector<NodeArgument> nodes{};           // of init and add; of renew: empty means all
    std::vector<std::filesystem::path> files{};  // of revoke; of show exactly one
    std::string cluster{};
    std::filesystem::path dir{};
    std::chrono::days days{365};
    bool authority = false;             // renew --ca
    std::filesystem::path ca{}, key{};  // of show
};

// `words` are those after `tls`. Throws UsageError.
[[nodiscard]] TlsArguments parse_tls_arguments(const std::vector<std::string>& words);

// Throws UsageError if a name of the node, in a certificate of the cluster, would also name another
// node: DNS:ID.CLUSTER is a name of node ID.
void check_identities(const NodeArgument& node, const std::string& cluster);

}  // namespace electiond::ctl
