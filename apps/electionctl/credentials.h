// The token and certificate that electionctl sends to an API, and the authorities it trusts.
#pragma once

#include <io/tls.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "electionctl/endpoint.h"

namespace electiond::ctl {

// The files for https, as --cacert, --cert and --key name them. A path that is empty is not used.
struct TlsFiles {
    std::filesystem::path cacert{};  // empty: the authorities of the system
    std::filesystem::path cert{}, key{};

    [[nodiscard]] bool any() const { return !cacert.empty() || !cert.empty() || !key.empty(); }
};

// A value that all requests of the process share; cheap to copy.
struct Credentials {
    std::string token{};                          // empty: none is sent
    std::shared_ptr<const io::TlsContext> tls{};  // for https; null: no https endpoint can be asked
    std::string no_tls{};                         // why `tls` is null

    // The scheme for an address that the node behind a Unix socket reports: https if files for it
    // are given.
    Scheme bare = Scheme::http;
};

// Reads the files, once, if a request may use https: to one of `endpoints`, or to one that the node
// behind a Unix socket reports. Throws UsageError if the files are wrong and one of `endpoints`
// needs them.
[[nodiscard]] Credentials load_credentials(const std::string& token, const TlsFiles& files,
                                           const std::vector<std::string>& endpoints);

}  // namespace electiond::ctl
