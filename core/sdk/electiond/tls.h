// Where a transport finds its certificates, and what a certificate has to prove.
#pragma once

#include <filesystem>

namespace electiond {

// The host's key transport.tls. Paths are absolute; `crl` may be empty.
struct TlsFiles {
    // node: the certificate of a node names its cluster and id. ca: any certificate of the CA will
    // do.
    enum class Identity { node, ca };

    std::filesystem::path cert{};
    std::filesystem::path key{};
    std::filesystem::path ca{};
    std::filesystem::path crl{};
    Identity identity = Identity::node;

    bool operator==(const TlsFiles&) const = default;
};

}  // namespace electiond
