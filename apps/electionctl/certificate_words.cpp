// Explains a certificate: its names, its purposes and its validity.
#include "electionctl/certificate_words.h"

#include <electiond/error.h>

#include <algorithm>
#include <ostream>

#include "electionctl/certificate_maker.h"

namespace electiond::ctl {
namespace {

using std::chrono::days;
using std::chrono::sys_seconds;

std::string in_utc(sys_seconds time, const char* format) {
    const std::time_t seconds = time.time_since_epoch().count();
    std::tm parts{};
    char text[64];
    ::gmtime_r(&seconds, &parts);
    return {text, std::strftime(text, sizeof text, format, &parts)};
}

// A certificate may hold any bytes, also control sequences for a terminal.
std::string printable(std::string text) {
    std::ranges::replace_if(
        text, [](unsigned char c) { return c < ' ' || c == 0x7f || (c >= 0x80 && c < 0xa0); }, '?');
    return text;
}

std::string joined(const std::vector<std::string>& parts, const char* between) {
    std::string text;
    for (const auto& part : parts) text += (text.empty() ? "" : between) + part;
    return text;
}

// The meaning of a name for electiond; empty if it has none.
std::string meaning_of(const std::string& name) {
    constexpr std::string_view kScheme = "URI:electiond://";
    if (!name.starts_with(kScheme)) return {};
    const auto rest = name.substr(kScheme.size());
    const auto slash = rest.find('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == rest.size()) return {};
    const auto cluster = rest.substr(0, slash);
    const auto path = rest.substr(slash + 1);
    if (path == "role/operator") return "an operator of cluster " + cluster;
    return path.find('/') == std::string::npos ? "node " + path + " of cluster " + cluster : "";
}

std::string who(const io::Certificate& certificate) {
    if (certificate.is_authority) return "an authority, which signs certificates";
    std::vector<std::string> meanings;
    for (const auto& name : certificate.names) {
        if (auto meaning = meaning_of(name); !meaning.empty()) meanings.push_back(meaning);
    }
    if (!meanings.empty()) return joined(meanings, ", and ");
    return "neither a node nor an operator in URI:electiond://CLUSTER/ID (DNS:ID.CLUSTER names a "
           "node, too)";
}

std::string others_of(const io::Certificate& certificate) {
    std::vector<std::string> names;
    for (const auto& name : certificate.names) {
        if (meaning_of(name).empty()) names.push_back(name.substr(name.find(':') + 1));
    }
    return names.empty() ? "none" : joined(names, ", ");
}

std::string use(const io::Certificate& certificate, const Purpose& purpose) {
    if (certificate.is_authority) return "to sign certificates and revocation lists";
    if (purpose.server && purpose.client) return "as a server and as a client";
    if (purpose.server) return "as a server only: between nodes it has to be a client, too";
    if (purpose.client) return "as a client only";
    return "neither as a server nor as a client: useless for TLS";
}

std::string count_of_days(std::chrono::seconds time) {
    const auto count = std::chrono::floor<days>(time).count();
    return std::to_string(count) + (count == 1 ? " day" : " days");
}

std::string validity(const io::Certificate& certificate, sys_seconds now) {
    constexpr const char* kFormat = "%Y-%m-%d %H:%M UTC";
    const auto range = in_utc(certificate.not_before, kFormat) + " until " +
                       in_utc(certificate.not_after, kFormat);
    if (now < certificate.not_before) return range + ": NOT YET VALID (or this clock is wrong)";
    if (now > certificate.not_after) {
        return range + ": EXPIRED " + count_of_days(now - certificate.not_after) + " ago";
    }
    return range + " (" + count_of_days(certificate.not_after - now) + " left)";
}

void line(std::ostream& out, const char* what, const std::string& text) {
    std::string head(what);
    head.resize(10, ' ');
    out << "  " << head << printable(text) << '\n';
}

}  // namespace

std::vector<io::Certificate> read_certificates(const std::filesystem::path& file) {
    try {
        return io::read_certificates(file);
    } catch (const Error& error) {
        throw Error(error.what(), Error::data);
    }
}

std::string date_of(sys_seconds time) { return in_utc(time, "%Y-%m-%d"); }

bool explain_certificates(std::ostream& out, const std::filesystem::path& file,
                          const std::filesystem::path& ca, const std::filesystem::path& key,
                          sys_seconds now) {
    const auto certificates = read_certificates(file);
    const auto purposes = read_purposes(file);
    for (std::size_t i = 0; i < std::min(certificates.size(), purposes.size()); ++i) {
        const auto& each = certificates[i];
        out << (i == 0 ? "" : "\n") << file.string();
        if (certificates.size() > 1) out << ", " << i + 1 << " of " << certificates.size();
        out << '\n';
        line(out, "is", who(each));
        if (!each.is_authority) line(out, "hosts", others_of(each));
        line(out, "for use", use(each, purposes[i]));
        line(out, "valid", validity(each, now));
        line(out, "subject", each.subject);
        line(out, "issuer", each.issuer == each.subject ? "itself" : each.issuer);
        line(out, "serial", each.serial);
        line(out, "key", purposes[i].key);
    }
    bool fits = true;
    if (!ca.empty()) {
        const auto why = why_not_trusted(file, ca);
        line(out, "--ca",
             why.empty() ? "yes, signed by an authority in " + ca.string()
                         : "NO, not accepted by " + ca.string() + ": " + why);
        fits = why.empty();
    }
    if (!key.empty()) {
        const bool belongs = belongs_together(file, key);
        line(out, "--key",
             belongs ? "yes, " + key.string() + " belongs to it"
                     : "NO, " + key.string() + " belongs to another certificate");
        fits = fits && belongs;
    }
    return fits;
}

}  // namespace electiond::ctl
