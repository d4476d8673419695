// What the TLS files of this folder share: OpenSSL's objects with owners, and certificates as
// values.
#pragma once

#include <io/tls.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace electiond::io {

template <auto Free>
struct Freed {
    template <class Object>
    void operator()(Object* object) const noexcept {
        Free(object);
    }
};
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Freed<X509_CRL_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using VerifyPtr = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;

[[nodiscard]] Certificate certificate_of(const X509& x509);
[[nodiscard]] std::chrono::sys_seconds time_of(const ASN1_TIME* time);
// "2026-11-01".
[[nodiscard]] std::string day_of(std::chrono::sys_seconds time);
// "2026-11-01 09:30 UTC".
[[nodiscard]] std::string minute_of(std::chrono::sys_seconds time);
// "(CN=2, serial 4F…)", printable.
[[nodiscard]] std::string in_brackets(const Certificate& certificate);
// Printable ASCII of at most `most` bytes, so that text of other machines is safe in a log.
[[nodiscard]] std::string printable(std::string_view text, std::size_t most = 120);
// "transport.tls.cert", "--cert".
[[nodiscard]] std::string key_name(const TlsSetup& setup, std::string_view key);
// The time at which certificates must be valid: now, except in tests.
[[nodiscard]] std::chrono::sys_seconds time_for(const TlsSetup& setup);

// Why a certificate was refused by OpenSSL's `code` (X509_V_ERR_…) at `depth` of its chain (0: the
// certificate itself). `host`: the name that was asked for. `as`: the role of the other side.
[[nodiscard]] TlsFailure refusal(int code, int depth, const Certificate& certificate,
                                 const TlsSetup& setup, const std::string& host, TlsSide as);
// The same for a verification that has failed.
[[nodiscard]] TlsFailure refusal_of(x509_store_ctx_st* verified, const TlsSetup& setup,
                                    const std::string& host, TlsSide as);
// What an alert of the other side means, by its number.
[[nodiscard]] TlsFailure failure_of_alert(int number, const TlsSetup& setup);

// All of a regular file of at most 1 MiB. Throws Error (config): "WHAT is FILE, which …".
[[nodiscard]] std::string read_pem(const std::filesystem::path& file, const std::string& what,
                                   bool secret = false);

}  // namespace electiond::io
