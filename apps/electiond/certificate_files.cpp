// Reads and checks the certificates that the settings name.
#include "certificate_files.h"

#include <algorithm>
#include <array>
#include <utility>

#include <electiond/error.h>

#include "node/peer_identity.h"
#include "settings/faults.h"

namespace electiond {
namespace {

CertificateFiles files_of(const Settings::ApiTls& tls, const Settings& settings) {
    return {.port = "api",
            .setup = {.cert = tls.cert,
                      .key = tls.key,
                      .ca = tls.ca,
                      .tls12 = true,
                      .section = "api.tls"},
            .places = settings.api.tls_places,
            .name = {}};
}

CertificateFiles files_of(const TlsFiles& tls, const Settings& settings) {
    CertificateFiles files{.port = "transport",
                           .setup = {.cert = tls.cert,
                                     .key = tls.key,
                                     .ca = tls.ca,
                                     .crl = tls.crl,
                                     .same_authority = true,
                                     .section = "transport.tls"},
                           .places = settings.transport.tls_places,
                           .name = {}};
    const auto& cluster = settings.cluster.name;
    const auto& id = settings.node.id;
    // If one of the two is wrong, the settings have a fault already.
    const bool known = !names_of_node(cluster, id.value).uri.empty();
    if (known && tls.identity == TlsFiles::Identity::node) files.name = {cluster, id};
    return files;
}

// The cluster that the URIs among these names are for; empty if there is no such URI, or if one is
// for `own`.
std::string other_cluster(const std::vector<std::string>& names, const std::string& own) {
    static constexpr std::string_view kUri = "URI:electiond://";
    std::string other;
    for (const auto& name : names) {
        if (!name.starts_with(kUri)) continue;
        const auto cluster = name.substr(kUri.size(), name.find('/', kUri.size()) - kUri.size());
        if (cluster == own) return {};
        other = cluster;
    }
    return other;
}

// How to get a certificate for this node. `tls add` only adds to the directory of the same cluster.
std::string remedy_for(const std::vector<std::string>& names, const std::string& cluster) {
    if (other_cluster(names, cluster).empty()) {
        return "issue another (electionctl tls add makes one)";
    }
    return "that is another cluster: correct cluster.name, or make certificates for all nodes of "
           "this one, in a new directory (electionctl tls init --cluster " +
           cluster + " --nodes ... --dir ...)";
}

// Why the other nodes would not accept a certificate with these names as this node's; empty if they
// would.
std::string misnaming(const CertificateFiles& files, const std::vector<std::string>& names) {
    if (!files.name || certificate_names(names, files.name->cluster, files.name->id.value)) {
        return {};
    }
    const auto& [cluster, id] = *files.name;
    const bool by_uri_alone = names_of_node(cluster, id.value).dns.empty();
    return files.setup.section + ".cert is " + in_quotes(files.setup.cert.string()) +
           ", which does not name this node, so the other nodes would refuse it: it is for " +
           shown_names(names) + ", but must be for " + names_needed(cluster, id.value) +
           (by_uri_alone ? " (a DNS name does not count here, since the id or the cluster's name "
                           "holds a dot)"
                         : "") +
           "; " + remedy_for(names, cluster) + ", or set " + files.setup.section +
           ".identity: ca on all nodes if your authority cannot write such names";
}

// The first fault in loading these files; empty if there is none.
std::string fault_of(const io::TlsSetup& setup) try {
    (void)io::TlsContext::load(setup);
    return {};
} catch (const Error& error) {
    return error.what();
}

std::string misnaming(const CertificateFiles& files) try {
    return misnaming(files, io::read_certificates(files.setup.cert).front().names);
} catch (const Error&) {
    return {};  // its fault was added already
}

// Loading ends at the first fault, so each file is also checked alone.
std::vector<std::string> faults_of(const CertificateFiles& files) {
    const auto& all = files.setup;
    const auto part = [&](auto&&... parts) {
        io::TlsSetup setup{.section = all.section};
        ((setup.*parts = all.*parts), ...);
        return fault_of(setup);
    };
    using Setup = io::TlsSetup;
    std::vector<std::string> faults;
    for (auto& fault : {part(&Setup::cert, &Setup::key), part(&Setup::key), part(&Setup::ca),
                        part(&Setup::crl), fault_of(all), misnaming(files)}) {
        if (!fault.empty() && std::ranges::find(faults, fault) == faults.end()) {
            faults.push_back(fault);
        }
    }
    return faults;
}

// The place of the key that the fault begins with.
const std::string& place_of(const std::string& fault, const CertificateFiles& files) {
    const auto& places = files.places;
    const std::array<std::pair<std::string_view, const std::string*>, 4> keys{
        {{"cert", &places.cert}, {"key", &places.key}, {"ca", &places.ca}, {"crl", &places.crl}}};
    for (const auto& [key, place] : keys) {
        if (fault.starts_with(files.setup.section + "." + std::string(key) + " ")) return *place;
    }
    return places.section;
}

}  // namespace

std::vector<CertificateFiles> certificate_files(const Settings& settings) {
    std::vector<CertificateFiles> all;
    if (settings.transport.tls) all.push_back(files_of(*settings.transport.tls, settings));
    if (settings.api.tls) all.push_back(files_of(*settings.api.tls, settings));
    return all;
}

std::shared_ptr<const io::TlsContext> read_certificates(const CertificateFiles& files) {
    auto context = io::TlsContext::load(files.setup);
    const auto wrong = misnaming(files, context->own()->names);
    if (!wrong.empty()) throw Error(wrong);
    return context;
}

CertificateReview review_certificates(const Settings& settings, std::chrono::sys_seconds now) {
    Faults faults;
    CertificateReview review;
    for (const auto& files : certificate_files(settings)) {
        try {
            for (auto& note : read_certificates(files)->expiring(now, kExpiryNotice)) {
                review.warnings.push_back(std::move(note));
            }
        } catch (const Error&) {
            for (const auto& fault : faults_of(files)) faults.add(place_of(fault, files), fault);
        }
    }
    review.faults = faults.lines();
    return review;
}

}  // namespace electiond
