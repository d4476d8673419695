// TLS: contexts from files, the names in the other side's certificate, and why a connection failed.
// OpenSSL is behind tls_engine.h: a process that uses no TLS does not load it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace electiond::io {

// What a context is made of. Paths that are empty are not used.
struct TlsSetup {
    std::filesystem::path cert{};  // PEM, the whole chain; a client may have none
    std::filesystem::path key{};   // PEM, without a passphrase; without `cert` only checked
    // The authorities that the other side's certificate must come from. Empty: a server asks for
    // none; a client trusts those of the system.
    std::filesystem::path ca{};
    std::filesystem::path crl{};  // PEM, what these authorities have revoked
    bool tls12 = false;           // allow TLS 1.2 beside 1.3
    // Between nodes: `cert` must come from `ca`, too, and be usable as a server and as a client.
    bool same_authority = false;
    // When certificates are judged; nullopt: now. For tests.
    std::optional<std::chrono::sys_seconds> at{};
    // How messages name these files: "transport.tls" makes "transport.tls.cert is …", "--" makes
    // "--cert is …", and "--cacert" of `ca`.
    std::string section{};
};

// Why a TLS connection was not made, or ended. Each has its own message and remedy.
enum class TlsFault {
    expired,
    not_yet_valid,
    revoked,
    foreign_ca,      // signed by an authority that is not trusted
    wrong_name,      // does not name the host that was asked for
    wrong_purpose,   // may not be used as a server, or as a client
    no_certificate,  // the other side needs one of us, or has shown none
    plain_text,      // the other side does not speak TLS
    timed_out,
    closed,  // the other side ended the connection without an alert
    other,
};

// "expired", "foreign_ca", …: for counters and fields of the log.
[[nodiscard]] std::string_view to_string(TlsFault fault);

struct TlsFailure {
    TlsFault fault = TlsFault::other;
    // True if the other side (the peer) refused us, as its alert says; false if we refused it.
    bool by_peer = false;
    // A clause with the remedy, fit for a log: "its certificate (CN=2, serial 4F…) expired on
    // 2026-11-01: renew it there, or …". Printable, at most some 300 bytes.
    std::string text{};

    bool operator==(const TlsFailure&) const = default;
};

// What a certificate contains.
struct Certificate {
    std::string subject{};  // as OpenSSL prints it: "CN=1"
    std::string issuer{};
    std::string serial{};              // in hexadecimal digits
    std::vector<std::string> names{};  // its SAN: "URI:…", "DNS:…", "IP:…", "email:…"
    std::chrono::sys_seconds not_before{};
    std::chrono::sys_seconds not_after{};
    bool is_authority = false;

    bool operator==(const Certificate&) const = default;
};

// The certificates of a PEM file, in its order. Throws Error (config) that names the file, if there
// are none or if one is damaged.
[[nodiscard]] std::vector<Certificate> read_certificates(const std::filesystem::path& file);

class TlsSession;

enum class TlsSide { server, client };

// Certificate, key and authorities, read and checked; immutable. Any thread.
class TlsContext {
  public:
    // Reads the files. Throws Error (config) that names key, file, what is wrong and the remedy:
    // cannot be read, no PEM, key and certificate do not belong together, the key may be read by
    // everyone, expired, not yet valid, does not come from `ca` or may not be used as a server and
    // client (if same_authority), no revocation list. Throws Error (os) if OpenSSL cannot be
    // loaded. Blocks for the files.
    [[nodiscard]] static std::shared_ptr<const TlsContext> load(const TlsSetup& setup);
    virtual ~TlsContext() = default;
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    // Our own certificate; nullopt if there is none.
    [[nodiscard]] virtual const std::optional<Certificate>& own() const = 0;
    // What expires within `ahead` from `now`, one sentence each, with key, file, date and
    // days left: our certificate, the authorities, the revocation list.
    [[nodiscard]] virtual std::vector<std::string> expiring(std::chrono::sys_seconds now,
                                                            std::chrono::seconds ahead) const = 0;
    // Whether it would accept, now, the certificate that the other side of `session` has shown to
    // an older context: nullopt, or why not.
    [[nodiscard]] virtual std::optional<TlsFailure> refuses(const TlsSession& session) const = 0;
    // TLS on `socket`, which the session borrows. As a client, `host` is the name or IP address
    // that the server's certificate must carry; empty: any name will do. Throws std::bad_alloc
    // alone.
    [[nodiscard]] virtual std::unique_ptr<TlsSession> begin(TlsSide side, int socket,
                                                            const std::string& host) const = 0;

  protected:
    TlsContext() = default;
};

// TLS on one connected, non-blocking socket: TlsContext::begin() makes it. Used by Stream; others
// only read what it knows of the other side. One thread at a time.
class TlsSession {
  public:
    virtual ~TlsSession() = default;
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    // The names that the other side's certificate proves, as in its SAN; empty if it has
    // shown none.
    [[nodiscard]] virtual const std::vector<std::string>& names() const = 0;
    // Those of our own certificate, with which this connection began.
    [[nodiscard]] virtual const std::vector<std::string>& own_names() const = 0;
    [[nodiscard]] virtual std::string version() const = 0;  // "TLSv1.3"

    // ---- for Stream -----------------------------------------------------------------------------
    // wants_turn: it has read as much as it may in one turn of the loop, and there may be more.
    enum class Step { done, wants_read, wants_write, wants_turn, ended, failed };
    struct Moved {
        Step step = Step::failed;
        std::size_t bytes = 0;
    };
    // Continues the handshake as far as possible now.
    [[nodiscard]] virtual Step handshake() = 0;
    // As recv(2) and send(2). After wants_write, the next write() must begin with the same bytes.
    [[nodiscard]] virtual Moved read(std::span<char> into) = 0;
    [[nodiscard]] virtual Moved write(std::string_view bytes) = 0;
    // True if decrypted or buffered bytes wait: then read() need not wait for the socket.
    [[nodiscard]] virtual bool has_pending() const = 0;
    // Sends the alert close_notify: no more bytes follow.
    virtual void close_notify() = 0;
    // After `failed`.
    [[nodiscard]] virtual const TlsFailure& failure() const = 0;
    // The failure for a fault that is found without OpenSSL: plain_text, timed_out, closed.
    [[nodiscard]] virtual TlsFailure failure_as(TlsFault fault) const = 0;

  protected:
    TlsSession() = default;
};

// True if these first bytes of a connection are those of a TLS client, which begins with 0x16.
[[nodiscard]] inline bool begins_tls(std::string_view bytes) {
    return bytes.size() >= 2 && bytes[0] == '\x16' && bytes[1] == '\x03';
}
// True for a TLS alert, which a TLS server sends in response to plain text.
[[nodiscard]] inline bool is_tls_alert(std::string_view bytes) {
    return bytes.size() >= 2 && bytes[0] == '\x15' && bytes[1] == '\x03';
}

}  // namespace electiond::io
