// The token and certificate that electionctl sends to an API, and the authorities it trusts.
#include "electionctl/credentials.h"

#include <algorithm>

#include <electiond/error.h>

#include "electionctl/arguments.h"

namespace electiond::ctl {

Credentials load_credentials(const std::string& token, const TlsFiles& files,
                             const std::vector<std::string>& endpoints) {
    Credentials credentials{.token = token, .bare = files.any() ? Scheme::https : Scheme::http};
    const bool needed = std::ranges::any_of(endpoints, is_https);
    const bool reported =
        files.any() && std::ranges::any_of(endpoints, [](const std::string& endpoint) {
            return socket_path(endpoint).has_value();
        });
    if (!needed && !reported) return credentials;
    try {
        credentials.tls = io::TlsContext::load({.cert = files.cert,
                                                .key = files.key,
                                                .ca = files.cacert,
                                                .tls12 = true,  // for an older proxy in between
                                                .section = "--"});
    } catch (const Error& error) {
        if (needed) throw UsageError(error.what());
        credentials.no_tls = error.what();
    }
    return credentials;
}

}  // namespace electiond::ctl
