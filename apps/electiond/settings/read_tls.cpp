// Reads the sections `tls`: the certificates to show, and those to accept.
#include "settings/read_sections.h"

namespace electiond {
namespace {

std::filesystem::path read_file_name(Section& tls, const std::string& key,
                                     const std::string& what) {
    tls.require(key, "name the file of " + what + " (PEM)");
    return tls.path(key).value_or("");
}

Settings::TlsPlaces places_of(const Section& parent, const Section& tls) {
    return {.section = parent.where("tls"),
            .cert = tls.where("cert"),
            .key = tls.where("key"),
            .ca = tls.where("ca"),
            .crl = tls.where("crl")};
}

}  // namespace

void read_tls(Section& api, Settings::Api& into) {
    if (!api.has("tls")) return;
    Section tls(api, "tls");
    const auto faults_before = tls.faults();
    Settings::ApiTls files;
    files.cert = read_file_name(tls, "cert", "the API's certificate");
    files.key = read_file_name(tls, "key", "the certificate's private key");
    files.ca = tls.path("ca").value_or("");
    into.tls_places = places_of(api, tls);
    api.remember("tls", tls.take_merged());
    if (tls.faults() == faults_before) into.tls = std::move(files);
}

void read_tls(Section& transport, Settings::Transport& into) {
    if (!transport.has("tls")) return;
    Section tls(transport, "tls");
    const auto faults_before = tls.faults();
    TlsFiles files;
    files.cert = read_file_name(tls, "cert", "this node's certificate");
    files.key = read_file_name(tls, "key", "the certificate's private key");
    files.ca = read_file_name(tls, "ca", "the authority that has signed the nodes' certificates");
    files.crl = tls.path("crl").value_or("");
    files.identity = tls.choice<TlsFiles::Identity>(
        "identity", "node", {{"node", TlsFiles::Identity::node}, {"ca", TlsFiles::Identity::ca}});
    into.tls_places = places_of(transport, tls);
    transport.remember("tls", tls.take_merged());
    if (tls.faults() == faults_before) into.tls = std::move(files);
}

}  // namespace electiond
