// The message for each way in which TLS can fail, with the remedy.
#include <io/openssl.h>

#include <utility>

namespace electiond::io {
namespace {

TlsFault fault_of(int code) {
    switch (code) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return TlsFault::expired;
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return TlsFault::not_yet_valid;
        case X509_V_ERR_CERT_REVOKED:
            return TlsFault::revoked;
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        case X509_V_ERR_CERT_UNTRUSTED:
        case X509_V_ERR_CERT_REJECTED:
            return TlsFault::foreign_ca;
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return TlsFault::wrong_name;
        case X509_V_ERR_INVALID_PURPOSE:
            return TlsFault::wrong_purpose;
        default:
            return TlsFault::other;
    }
}

// Where the authority of the certificate is missing.
std::string trusted(const TlsSetup& setup) {
    if (setup.ca.empty()) return "this system does not trust";
    return "is not in " + key_name(setup, "ca") + " (" + setup.ca.string() + ")";
}

std::string list(const std::vector<std::string>& names) {
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "" : ", ") + printable(name, 80);
    return all.empty() ? "nobody" : all.substr(0, 160);
}

std::string words(TlsFault fault, int code, const Certificate& certificate, const TlsSetup& setup,
                  const std::string& host, TlsSide as) {
    // Not the minute: a failure that lasts keeps its text in the log.
    const auto today = day_of(time_for(setup));
    switch (fault) {
        case TlsFault::expired:
            return "expired on " + day_of(certificate.not_after) +
                   ": renew it there, or correct this machine's clock, if it is wrong (it is " +
                   today + " here)";
        case TlsFault::not_yet_valid:
            return "is valid from " + day_of(certificate.not_before) +
                   " only: compare the clocks of both machines (it is " + today + " here)";
        case TlsFault::revoked:
            return "was revoked: issue a new one there, or correct " + key_name(setup, "crl") +
                   " (" + setup.crl.string() + ")";
        case TlsFault::foreign_ca:
            return "was signed by " + printable(certificate.issuer) + ", which " + trusted(setup) +
                   ": use certificates of one authority, or add that one";
        case TlsFault::wrong_name:
            return "names " + list(certificate.names) + ", not " + printable(host) +
                   ": ask by a name that it has, or issue one with this name";
        case TlsFault::wrong_purpose:
            return std::string("may not be used as a ") +
                   (as == TlsSide::server ? "server (serverAuth)" : "client (clientAuth)") +
                   ": issue one with this extended key usage";
        default:
            break;
    }
    if (code == X509_V_ERR_UNABLE_TO_GET_CRL) {
        return "cannot be looked up: " + key_name(setup, "crl") + " (" + setup.crl.string() +
               ") has no list of its authority: add it";
    }
    if (code == X509_V_ERR_CRL_HAS_EXPIRED) {
        return "cannot be looked up: the list in " + key_name(setup, "crl") + " (" +
               setup.crl.string() + ") is out of date: fetch a new one";
    }
    return std::string("is not accepted: ") + X509_verify_cert_error_string(code);
}

}  // namespace

std::chrono::sys_seconds time_for(const TlsSetup& setup) {
    return setup.at.value_or(
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

std::string key_name(const TlsSetup& setup, std::string_view key) {
    const bool option = setup.section.ends_with('-');
    if (option && key == "ca") key = "cacert";  // as curl and electionctl call it
    return setup.section + (option || setup.section.empty() ? "" : ".") + std::string(key);
}

TlsFailure refusal(int code, int depth, const Certificate& certificate, const TlsSetup& setup,
                   const std::string& host, TlsSide as) {
    const auto fault = fault_of(code);
    const auto* whose = depth == 0 ? "its certificate " : "the authority of its certificate ";
    return {.fault = fault,
            .by_peer = false,
            .text = whose + in_brackets(certificate) + " " +
                    words(fault, code, certificate, setup, host, as)};
}

TlsFailure refusal_of(X509_STORE_CTX* verified, const TlsSetup& setup, const std::string& host,
                      TlsSide as) {
    const int code = X509_STORE_CTX_get_error(verified);
    int depth = X509_STORE_CTX_get_error_depth(verified);
    const X509* found = X509_STORE_CTX_get_current_cert(verified);
    // It does not matter at which authority of the chain trust ends: name the certificate itself.
    if (found == nullptr || fault_of(code) == TlsFault::foreign_ca) {
        found = X509_STORE_CTX_get0_cert(verified);
        depth = 0;
    }
    return refusal(code, depth, found != nullptr ? certificate_of(*found) : Certificate{}, setup,
                   host, as);
}

TlsFailure failure_of_alert(int number, const TlsSetup& setup) {
    const auto ours = "it refuses our certificate, " + key_name(setup, "cert");
    const auto refused = [](TlsFault fault, std::string text) {
        return TlsFailure{.fault = fault, .by_peer = true, .text = std::move(text)};
    };
    switch (number) {
        case SSL_AD_CERTIFICATE_EXPIRED:
            return refused(
                TlsFault::expired,
                ours +
                    ", as expired: renew it, or, if it has not expired, correct the clock there");
        case SSL_AD_BAD_CERTIFICATE:
            return refused(TlsFault::not_yet_valid,
                           ours +
                               ", as bad; most often it is not yet valid there: compare the clocks "
                               "of both machines");
        case SSL_AD_CERTIFICATE_REVOKED:
            return refused(TlsFault::revoked, ours + ", as revoked: issue a new one");
        case SSL_AD_UNKNOWN_CA:
            return refused(TlsFault::foreign_ca,
                           ours +
                               ", because it does not trust its authority: use certificates of one "
                               "authority, or add this one there");
        case SSL_AD_CERTIFICATE_UNKNOWN:
            return refused(TlsFault::wrong_name,
                           ours +
                               ", because it does not have the name by which we were asked: issue "
                               "one with that name");
        case SSL_AD_UNSUPPORTED_CERTIFICATE:
            return refused(TlsFault::wrong_purpose,
                           ours +
                               ", because it may not be used so: issue one with the extended key "
                               "usages serverAuth and clientAuth");
        case SSL_AD_CERTIFICATE_REQUIRED:
        case SSL_AD_NO_CERTIFICATE:
            return refused(TlsFault::no_certificate, "it asks for a certificate: set " +
                                                         key_name(setup, "cert") + " and " +
                                                         key_name(setup, "key"));
        case SSL_AD_HANDSHAKE_FAILURE:
            return refused(TlsFault::no_certificate,
                           "it refuses the connection (handshake failure); if it asks for a "
                           "certificate, set " +
                               key_name(setup, "cert") + " and " + key_name(setup, "key"));
        case SSL_AD_PROTOCOL_VERSION:
            return refused(TlsFault::other, "it refuses the version of TLS: it needs " +
                                                std::string(setup.tls12 ? "another" : "TLS 1.3") +
                                                " on both sides");
        default:
            return refused(TlsFault::other,
                           std::string("it ended TLS: ") + SSL_alert_desc_string_long(number));
    }
}

}  // namespace electiond::io
