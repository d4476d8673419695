// What the TLS files of this folder share: context and session over OpenSSL, OpenSSL's objects with
// owners, and certificates as values.
#pragma once

#include <io/tls.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
using ContextPtr = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Freed<SSL_free>>;
using VerifyPtr = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;

class OpenSslSession;

class OpenSslContext final : public TlsContext,
                             public std::enable_shared_from_this<OpenSslContext> {
  public:
    [[nodiscard]] static std::shared_ptr<const TlsContext> load(const TlsSetup& setup);

    [[nodiscard]] const std::optional<Certificate>& own() const override { return own_; }
    [[nodiscard]] std::vector<std::string> expiring(std::chrono::sys_seconds now,
                                                    std::chrono::seconds ahead) const override;
    [[nodiscard]] std::optional<TlsFailure> refuses(const TlsSession& session) const override;
    [[nodiscard]] std::unique_ptr<TlsSession> begin(TlsSide side, int socket,
                                                    const std::string& host) const override;

  private:
    friend class OpenSslSession;
    OpenSslContext() = default;

    struct Expiry {
        std::string what;  // "transport.tls.cert (FILE)"
        std::chrono::sys_seconds when;
        std::string remedy;
    };
    class Loading;

    ContextPtr handle_;
    TlsSetup setup_;
    std::optional<Certificate> own_;
    std::vector<Expiry> expiries_;
};

class OpenSslSession final : public TlsSession {
  public:
    OpenSslSession(std::shared_ptr<const OpenSslContext> context, TlsSide side, int socket,
                   const std::string& host);

    [[nodiscard]] const std::vector<std::string>& names() const override { return names_; }
    [[nodiscard]] const std::vector<std::string>& own_names() const override;
    [[nodiscard]] std::string version() const override;
    [[nodiscard]] Step handshake() override;
    [[nodiscard]] Moved read(std::span<char> into) override;
    [[nodiscard]] Moved write(std::string_view bytes) override;
    [[nodiscard]] bool has_pending() const override;
    void close_notify() override;
    [[nodiscard]] const TlsFailure& failure() const override { return failure_; }
    [[nodiscard]] TlsFailure failure_as(TlsFault fault) const override;

  private:
    friend class OpenSslContext;
    class Socket;  // as OpenSSL sees it
    [[nodiscard]] Step step_after(int result);
    [[nodiscard]] TlsFailure failure_after(unsigned long error) const;
    static int judge(int accepted, X509_STORE_CTX* verified);

    const std::shared_ptr<const OpenSslContext> context_;
    const TlsSide side_;
    const std::string host_;
    const int socket_;
    SslPtr handle_;
    std::size_t share_ = 0;      // bytes of the socket that this call may still read
    std::size_t fruitless_ = 0;  // bytes of the socket since the last that were data
    bool secured_ = false;
    bool judged_ = false;  // failure_ says why we refused the other side's certificate
    std::vector<std::string> names_;
    TlsFailure failure_;
};

[[nodiscard]] std::vector<Certificate> read_with_openssl(const std::filesystem::path& file);

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
[[nodiscard]] TlsFailure refusal_of(X509_STORE_CTX* verified, const TlsSetup& setup,
                                    const std::string& host, TlsSide as);
// What an alert of the other side means, by its number.
[[nodiscard]] TlsFailure failure_of_alert(int number, const TlsSetup& setup);

// All of a regular file of at most 1 MiB. Throws Error (config): "WHAT is FILE, which …".
[[nodiscard]] std::string read_pem(const std::filesystem::path& file, const std::string& what,
                                   bool secret = false);

}  // namespace electiond::io
