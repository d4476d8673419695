// Where a transport finds its certificates, and what a certificate must prove.
#pragma once

#include <filesystem>

namespace electiond {

// The host's key transport.tls. Paths are absolute, and the files are PEM.
struct TlsFiles {
    // node: the certificate of a node must name its cluster and id. ca: any certificate of the CA
    // is accepted.
    enum class Identity { node, ca };

    std::filesystem::path cert{};        // this node's certificate, with its chain
    std::filesystem::path key{};         // its private key, without a passphrase
    std::filesystem::path ca{};          // the authorities that sign the certificates of the nodes
    std::filesystem::path crl{};         // what they have revoked; may be empty
    Identity identity = Identity::node;  // for the host, which compares the names

    bool operator==(const TlsFiles&) const = default;
};

}  // namespace electiond
