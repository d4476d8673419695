// Whether a certificate names a node, and whether a message may count as that of the node it names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <electiond/peer.h>

#include "election/message.h"

// Pure functions: any thread, nothing is kept between calls. Names of certificates are written as
// the transports give them: "URI:electiond://lab/1", "DNS:1.lab".
namespace electiond {

// The names by which a certificate may name a node; either is enough.
struct NamesOfNode {
    std::string uri{};  // always possible
    std::string dns{};  // empty if cluster or id contains a dot: it could be read in several ways
};
// For node `id` of `cluster`. Both are empty if the settings would not allow this id or cluster.
[[nodiscard]] NamesOfNode names_of_node(std::string_view cluster, std::string_view id);

// The same as text for a message: "URI:electiond://lab/1 or DNS:1.lab", or the first alone.
[[nodiscard]] std::string names_needed(std::string_view cluster, std::string_view id);

// P1: does one of `verified_names` name node `id` of `cluster`? Byte by byte; no wildcard matches.
[[nodiscard]] bool certificate_names(const std::vector<std::string>& verified_names,
                                     std::string_view cluster, std::string_view id);

// Why a message must not count, for the log and the operator.
struct WrongIdentity {
    std::string what{};    // follows the source: "claims to be node 2, but its certificate is …"
    std::string remedy{};  // "give node 2 a certificate for …"
};

// P1, P2: nullopt if a message of `from`, whose certificate proves `verified_names`, may count.
// `cluster` is our own. `holder`: the id that the sender's uuid is known to belong to, if any.
[[nodiscard]] std::optional<WrongIdentity> wrong_identity(
    const Sender& from, const std::vector<std::string>& verified_names, std::string_view cluster,
    const std::optional<NodeId>& holder);

// The names of a certificate for a log line: the first few, printable, each cut short.
[[nodiscard]] std::string shown_names(const std::vector<std::string>& verified_names);

}  // namespace electiond
