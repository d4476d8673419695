// electionctl tls: makes the certificates of a cluster, renews them, and explains them.
#include "electionctl/tls_verbs.h"

#include <electiond/error.h>

#include <algorithm>
#include <ostream>
#include <random>
#include <set>
#include <sstream>

#include "electionctl/arguments.h"
#include "electionctl/certificate_folder.h"
#include "electionctl/certificate_maker.h"
#include "electionctl/certificate_words.h"
#include "electionctl/exit_code.h"
#include "electionctl/help.h"
#include "electionctl/tls_arguments.h"

namespace electiond::ctl {
namespace {

using std::chrono::days;
using std::chrono::sys_seconds;
using Missing = CertificateFolder::Missing;
using Entries = std::vector<CertificateFolder::Entry>;

constexpr days kAuthorityDays{3650};
constexpr std::chrono::minutes kSkew{5};  // how far a node's clock may be behind ours
constexpr const char* kOperator = "operator";

sys_seconds now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::string scheme(const std::string& cluster) { return "URI:electiond://" + cluster + "/"; }

bool is_there(const std::filesystem::path& file) {
    std::error_code ignored;
    return std::filesystem::exists(file, ignored);
}

// ---- issuing certificates -----------------------------------------------------------------------

// No two authorities of a cluster have the same name: OpenSSL finds revocation lists by it.
Authority new_authority(const std::string& cluster, sys_seconds at) {
    std::ostringstream name;
    name << "electiond CA " << date_of(at) << ' ' << std::hex << std::random_device{}();
    return Authority::create(cluster, name.str(), {at - kSkew, at + kAuthorityDays});
}

// No certificate outlives its authority.
Validity validity(const TlsArguments& arguments, const Authority& authority, sys_seconds at) {
    if (authority.until() <= at) {
        throw Error("the authority has expired on " + date_of(authority.until()) +
                        ": make a new one with electionctl tls renew --ca --dir " +
                        arguments.dir.string(),
                    Error::refused);
    }
    return {at - kSkew, std::min<sys_seconds>(at + arguments.days, authority.until())};
}

Pem for_node(const Authority& authority, const NodeArgument& node, const std::string& cluster,
             const Validity& validity) {
    std::vector<std::string> names{scheme(cluster) + node.id};
    names.insert(names.end(), node.names.begin(), node.names.end());
    for (const auto* always : {"DNS:localhost", "IP:127.0.0.1", "IP:::1"}) {
        if (std::ranges::find(names, always) == names.end()) names.emplace_back(always);
    }
    return authority.issue(
        {.common_name = node.id, .names = std::move(names), .validity = validity});
}

Pem for_operator(const Authority& authority, const std::string& cluster, const Validity& validity) {
    return authority.issue({.common_name = kOperator,
                            .names = {scheme(cluster) + "role/operator"},
                            .server = false,
                            .validity = validity});
}

// ---- existing certificates ----------------------------------------------------------------------

std::set<std::string> clusters_of(const std::filesystem::path& cert) {
    std::set<std::string> found;
    const auto certificates = read_certificates(cert);
    for (const auto& name : certificates.front().names) {
        const auto begin = scheme("").size() - 1;  // URI:electiond://
        const auto slash = name.find('/', begin);
        if (name.starts_with("URI:electiond://") && slash != std::string::npos && slash > begin) {
            found.insert(name.substr(begin, slash - begin));
        }
    }
    return found;
}

std::string cluster_of(const CertificateFolder& folder, const TlsArguments& arguments) {
    std::set<std::string> found;
    for (const auto& name : folder.names()) found.merge(clusters_of(folder.cert(name)));
    if (!arguments.cluster.empty()) {
        if (found.empty() || found.contains(arguments.cluster)) return arguments.cluster;
        throw Error("the certificates in " + folder.path().string() + " are of cluster " +
                        *found.begin() + ", not of " + arguments.cluster +
                        ": make those of another cluster in another directory (electionctl tls "
                        "init --cluster " +
                        arguments.cluster + " --nodes ... --dir ...)",
                    Error::refused);
    }
    if (found.size() == 1) return *found.begin();
    throw UsageError("the certificates in " + folder.path().string() +
                     (found.empty() ? " name no cluster" : " name several clusters") +
                     ": say which one with --cluster NAME");
}

// ---- output -------------------------------------------------------------------------------------

std::string host_of(const NodeArgument& node) {
    if (node.names.empty()) return "localhost";
    const auto& name = node.names.front();
    const auto host = name.substr(name.find(':') + 1);
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

void say_how_to_use(std::ostream& out, const CertificateFolder& folder,
                    const std::vector<NodeArgument>& nodes, const std::string& cluster) {
    for (const auto& node : nodes) {
        const auto files = "{cert: " + node.id + ".crt, key: " + node.id + ".key, ca: ca.crt}\n";
        out << "\nnode " << node.id << ": copy ca.crt, " << node.id << ".crt and " << node.id
            << ".key next to the configuration of this node (node.id: \"" << node.id
            << "\",\ncluster.name: " << cluster << "), and add there:\n"
            << "  transport:\n    tls: " << files << "  api:\n    tls: " << files;
    }
    const auto dir = folder.path().string();
    const auto& first = nodes.front();
    out << "\nKeys have mode 0600: each must belong to the user that electiond runs as.\n"
        << "Remove `insecure: true` next to these keys. Then ask the API (port: api.listen):\n"
        << "  curl --cacert " << dir << "/ca.crt --cert " << dir << "/operator.crt --key " << dir
        << "/operator.key \\\n    https://" << host_of(first) << ":7400/status\n"
        << "  electionctl --cacert " << dir << "/ca.crt --cert " << dir << "/operator.crt --key "
        << dir << "/operator.key \\\n    --endpoint https://" << host_of(first)
        << ":7400 cluster\n";
}

void say_if_authority_ends(std::ostream& out, const TlsArguments& arguments,
                           const Authority& authority, sys_seconds at) {
    if (authority.until() > at + arguments.days) return;
    out << "\nThe authority itself expires on " << date_of(authority.until())
        << ", and so do these certificates: make a new\none with electionctl tls renew --ca --dir "
        << arguments.dir.string() << '\n';
}

std::string listed(const Entries& entries) {
    std::string text;
    for (const auto& entry : entries) text += (text.empty() ? "" : ", ") + entry.name;
    return text;
}

// ---- verbs --------------------------------------------------------------------------------------

int init(const TlsArguments& arguments, std::ostream& out) {
    const auto& cluster = arguments.cluster;
    for (const auto& node : arguments.nodes) check_identities(node, cluster);
    const CertificateFolder folder(arguments.dir, Missing::is_made);
    const auto at = now();
    const auto authority = new_authority(cluster, at);
    const auto valid = validity(arguments, authority, at);
    Entries entries;
    for (const auto& node : arguments.nodes) {
        entries.push_back({node.id, for_node(authority, node, cluster, valid)});
    }
    entries.push_back({kOperator, for_operator(authority, cluster, valid)});
    entries.push_back({"ca", authority.pem()});
    folder.add(entries);
    out << "Made in " << arguments.dir.string() << ", for cluster " << cluster
        << ": ca.crt and ca.key, the authority (until " << date_of(authority.until())
        << "),\nand certificates with keys (until " << date_of(valid.until) << "): ";
    entries.pop_back();
    out << listed(entries) << ".\n"
        << "Keep ca.key away from the nodes: anyone who has it can be any node of the cluster.\n";
    say_how_to_use(out, folder, arguments.nodes, cluster);
    return kDone;
}

int add(const TlsArguments& arguments, std::ostream& out) {
    const CertificateFolder folder(arguments.dir, Missing::is_an_error);
    const auto authority = folder.authority();
    const auto cluster = cluster_of(folder, arguments);
    for (const auto& node : arguments.nodes) check_identities(node, cluster);
    const auto at = now();
    const auto valid = validity(arguments, authority, at);
    Entries entries;
    for (const auto& node : arguments.nodes) {
        entries.push_back({node.id, for_node(authority, node, cluster, valid)});
    }
    folder.add(entries);
    out << "Made in " << arguments.dir.string() << ", for cluster " << cluster << " (until "
        << date_of(valid.until) << "): " << listed(entries) << '\n';
    say_how_to_use(out, folder, arguments.nodes, cluster);
    say_if_authority_ends(out, arguments, authority, at);
    return kDone;
}

// Both authorities are trusted from now on, so that certificates can be replaced one by one.
int renew_authority(const TlsArguments& arguments, std::ostream& out) {
    const CertificateFolder folder(arguments.dir, Missing::is_an_error);
    const auto old = folder.authority();
    const auto at = now();
    const auto valid = std::ranges::count_if(read_certificates(folder.cert("ca")),
                                             [&](const auto& each) { return each.not_after > at; });
    if (valid > 1) {
        throw Error(folder.cert("ca").string() +
                        " holds two authorities already. Finish that change first: when all "
                        "certificates are of the new one, remove the old one, the last in the file",
                    Error::refused);
    }
    const auto made = new_authority(cluster_of(folder, arguments), at);
    auto pem = made.pem();
    if (valid == 1) pem.cert += old.pem().cert;
    // Nodes that have a revocation list need one of each authority.
    if (is_there(folder.revocations())) {
        folder.write_revocations(made.revoke({}, folder.revocations(), at - kSkew));
    }
    folder.replace({{"ca", pem}});
    const auto dir = arguments.dir.string();
    out << "Made a new authority (until " << date_of(made.until())
        << "). ca.crt holds it and the old one; the old files are ca.crt.old\nand ca.key.old. Keep "
           "to this order, so that all nodes can always talk to each other:\n"
        << "  1. copy " << dir
        << "/ca.crt to every node; each reads it within 10 s, or at SIGHUP, and logs that\n"
        << "  2. then electionctl tls renew --dir " << dir
        << ", and copy each new certificate and key to its node\n"
        << "  3. then remove the old authority, the last in ca.crt, and copy ca.crt to every node "
           "again\n";
    return kDone;
}

// The nodes and operators that can be renewed; prints which certificates are left out, and why.
std::vector<NodeArgument> all_of(const CertificateFolder& folder, const std::string& cluster,
                                 std::ostream& out) {
    std::vector<NodeArgument> found;
    for (const auto& name : folder.names()) {
        if (clusters_of(folder.cert(name)).contains(cluster)) {
            found.push_back({name, {}, false});
        } else {
            out << "left out " << name << ".crt: it names no node or operator of cluster "
                << cluster << '\n';
        }
    }
    return found;
}

Pem renewed(const CertificateFolder& folder, const Authority& authority, const NodeArgument& node,
            const std::string& cluster, const Validity& valid) {
    const auto file = folder.cert(node.id);
    if (!is_there(file)) {
        throw Error("there is no " + file.string() +
                        ": electionctl tls add makes a certificate for another node",
                    Error::refused);
    }
    if (!clusters_of(file).contains(cluster)) {
        throw Error(file.string() + " names no node or operator of cluster " + cluster +
                        ": it was not made by electionctl tls, and is not replaced",
                    Error::refused);
    }
    return node.has_addresses ? for_node(authority, node, cluster, valid)
                              : authority.issue_like(file, valid);
}

int renew(const TlsArguments& arguments, std::ostream& out) {
    if (arguments.authority) return renew_authority(arguments, out);
    const CertificateFolder folder(arguments.dir, Missing::is_an_error);
    const auto authority = folder.authority();
    const auto cluster = cluster_of(folder, arguments);
    for (const auto& node : arguments.nodes) check_identities(node, cluster);
    const auto at = now();
    const auto valid = validity(arguments, authority, at);
    const auto nodes = arguments.nodes.empty() ? all_of(folder, cluster, out) : arguments.nodes;
    Entries entries;
    for (const auto& node : nodes) {
        entries.push_back({node.id, renewed(folder, authority, node, cluster, valid)});
    }
    folder.replace(entries);
    out << "Renewed, with new keys (until " << date_of(valid.until) << "): " << listed(entries)
        << "\nThe old files are kept as ID.crt.old and ID.key.old. Copy each new pair to its node; "
           "electiond reads it\nwithin 10 s, or at SIGHUP, without a restart, and logs that. Until "
           "then it uses the old one.\n";
    say_if_authority_ends(out, arguments, authority, at);
    return kDone;
}

int revoke(const TlsArguments& arguments, std::ostream& out) {
    const CertificateFolder folder(arguments.dir, Missing::is_an_error);
    const auto at = now();
    const auto list = folder.revocations();
    const bool first = !is_there(list);
    folder.write_revocations(folder.authority().revoke(arguments.files, list, at - kSkew));
    for (const auto& file : arguments.files) {
        const auto serial = read_certificates(file).front().serial;
        out << "revoked " << file.string() << " (serial " << serial << ")\n";
    }
    out << "Copy " << list.string() << " next to ca.crt on every node"
        << (first ? ", name it in transport.tls as `crl: ca.crl`, and restart the\nnodes one after "
                    "the other: from then on they read a changed list by themselves.\n"
                  : ". Each reads it within 10 s, or at SIGHUP, and closes the\nconnections of the "
                    "revoked certificates.\n")
        << "The list is for the transport; the API does not use one (docs/encryption.md).\n";
    return kDone;
}

}  // namespace

int tls(const std::vector<std::string>& words, std::ostream& out) {
    const auto arguments = parse_tls_arguments(words);
    if (arguments.verb == "init") return init(arguments, out);
    if (arguments.verb == "add") return add(arguments, out);
    if (arguments.verb == "renew") return renew(arguments, out);
    if (arguments.verb == "revoke") return revoke(arguments, out);
    if (arguments.verb == "show") {
        const bool fits =
            explain_certificates(out, arguments.files.front(), arguments.ca, arguments.key, now());
        return fits ? kDone : kRefused;
    }
    out << verb_help(*find_verb("tls"));
    return kDone;
}

}  // namespace electiond::ctl
