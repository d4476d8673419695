// Reads and checks the certificates that the settings name.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <electiond/peer.h>
#include <io/tls.h>

#include "settings/settings.h"

namespace electiond {

// The files of api.tls or transport.tls. A value.
struct CertificateFiles {
    // The name that the certificate must have, or the other nodes refuse it.
    struct Name {
        std::string cluster;
        NodeId id;
    };
    std::string_view port;  // where the certificate is shown: "transport" or "api"
    io::TlsSetup setup;
    Settings::TlsPlaces places;
    std::optional<Name> name;  // not set: any name is accepted
};

// The files of api.tls and transport.tls, if given; the transport's first.
[[nodiscard]] std::vector<CertificateFiles> certificate_files(const Settings& settings);

// Reads and checks the files. Throws Error (config) that names key, file, fault and remedy. Blocks
// for the files.
[[nodiscard]] std::shared_ptr<const io::TlsContext> read_certificates(
    const CertificateFiles& files);

// How long before an expiry the warnings begin.
inline constexpr std::chrono::hours kExpiryNotice{30 * 24};

struct CertificateReview {
    std::vector<std::string> faults;    // one line each, with the place of the key
    std::vector<std::string> warnings;  // what expires within kExpiryNotice from `now`
};

// The faults and warnings of all files, for the start and --check. Blocks for the files.
[[nodiscard]] CertificateReview review_certificates(const Settings& settings,
                                                    std::chrono::sys_seconds now);

}  // namespace electiond
