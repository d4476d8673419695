// Messages for failures between http and https, with the option or endpoint that helps.
#include "electionctl/tls_words.h"

#include <algorithm>
#include <array>

#include "electionctl/endpoint.h"

namespace electiond::ctl {
namespace {

using Kind = NoAnswer::Kind;
using io::TlsFault;

// What electiond, nginx and servers in Go answer with 400 to plain text on a port for TLS.
constexpr std::array<std::string_view, 3> kUseTls{"speaks TLS", "sent to HTTPS port",
                                                  "to an HTTPS server"};

std::string remedy(const io::TlsFailure& failure, const std::string& endpoint) {
    if (failure.by_peer) return "";
    switch (failure.fault) {
        case TlsFault::plain_text:
            return "; " + with_scheme(endpoint, Scheme::http) + " asks it in plain text";
        case TlsFault::foreign_ca:
            return "; give the file of the authority that issues its certificates with --cacert";
        default:
            return "";
    }
}

}  // namespace

NoAnswer no_answer(const io::TlsFailure& failure, const std::string& endpoint, bool sent) {
    const std::string text = failure.text + remedy(failure, endpoint);
    if (!sent) {
        return {text, failure.fault == TlsFault::timed_out ? Kind::no_handshake : Kind::no_trust};
    }
    // In TLS 1.3 a server refuses our certificate after our first bytes, but before it reads them.
    const bool refused =
        failure.by_peer && failure.fault != TlsFault::closed && failure.fault != TlsFault::other;
    return {text, refused ? Kind::no_trust : Kind::broken};
}

std::optional<NoAnswer> asks_for_tls(std::string_view bytes, const std::string& endpoint) {
    const bool refused = bytes.starts_with("HTTP/1.1 400 ") || bytes.starts_with("HTTP/1.0 400 ");
    const auto has = [bytes](std::string_view words) {
        return bytes.find(words) != std::string_view::npos;
    };
    if (is_https(endpoint) ||
        (!io::is_tls_alert(bytes) && !(refused && std::ranges::any_of(kUseTls, has)))) {
        return std::nullopt;
    }
    return NoAnswer("speaks TLS: use " + with_scheme(endpoint, Scheme::https) +
                        ", with --cacert if the system does not trust its authority",
                    Kind::no_trust);
}

}  // namespace electiond::ctl
