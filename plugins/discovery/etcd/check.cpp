// Checks certificates, key and password file for `electiond --check`.
#include "etcd/check.h"

#include <io/tls.h>

#include <algorithm>

#include <electiond/error.h>

#include "etcd/password.h"

namespace electiond::discovery::etcd {
namespace {

using Weight = Finding::Weight;

constexpr std::chrono::hours kExpiresSoon{14 * 24};

// A sentence that begins with "discovery[0].KEY ".
Finding about_key(Weight weight, const Settings& settings, const std::string& sentence) {
    const auto begin = settings.section + ".";
    const auto space = sentence.find(' ');
    if (!sentence.starts_with(begin) || space == std::string::npos) return {weight, "", sentence};
    return {weight, sentence.substr(begin.size(), space - begin.size()),
            sentence.substr(space + 1)};
}

void check_tls(const Settings& settings, std::vector<Finding>& findings) {
    try {
        const auto context = io::TlsContext::load({.cert = settings.cert,
                                                   .key = settings.key,
                                                   .ca = settings.ca,
                                                   .tls12 = true,
                                                   .section = settings.section});
        const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        for (const auto& each : context->expiring(now, kExpiresSoon))
            findings.push_back(about_key(Weight::warning, settings, each));
    } catch (const Error& error) {
        findings.push_back(about_key(Weight::fault, settings, error.what()));
    }
}

void check_password(const Settings& settings, std::vector<Finding>& findings) {
    try {
        (void)read_password(settings.password_file);
    } catch (const Error& error) {
        findings.push_back({Weight::fault, "password_file", error.what()});
    }
    const auto plain = std::ranges::find_if(settings.endpoints, [](const std::string& endpoint) {
        return endpoint.starts_with("http:") && !endpoint.starts_with("http://127.") &&
               !endpoint.starts_with("http://[::1]:") && !endpoint.starts_with("http://localhost:");
    });
    if (plain == settings.endpoints.end()) return;
    findings.push_back({Weight::warning, "endpoints",
                        "holds \"" + *plain +
                            "\", to which the password of user is sent unencrypted; enable TLS in "
                            "etcd, and write https://"});
}

}  // namespace

std::vector<Finding> check_files(const Settings& settings) {
    std::vector<Finding> findings;
    if (settings.tls) check_tls(settings, findings);
    if (!settings.user.empty()) check_password(settings, findings);
    return findings;
}

}  // namespace electiond::discovery::etcd
