// Makes authorities and certificates, and reads the purposes of a certificate. Its .cpp is the only
// file of the programs outside core/io that includes OpenSSL.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace electiond::ctl {

// Certificate and private key as PEM text. Nothing prints a key.
struct Pem {
    std::string cert{}, key{};
};

// The period in which a certificate is valid.
struct Validity {
    std::chrono::sys_seconds from{}, until{};
};

struct CertificateContents {
    std::string common_name{};         // 1 to 64 bytes
    std::vector<std::string> names{};  // the SAN: "URI:…", "DNS:…", "IP:…"
    bool server = true;                // may also be used as a server; always as a client
    Validity validity{};
};

// A certificate authority. Keys are EC P-256, serial numbers have 128 random bits. All functions
// throw Error, and std::runtime_error for internal faults of OpenSSL. One thread at a time.
class Authority {
  public:
    // Makes a new one, signed by itself. `organization` (1 to 64 bytes) and `name` are its subject.
    [[nodiscard]] static Authority create(const std::string& organization, const std::string& name,
                                          const Validity& validity);
    // Reads an existing one. If `cert` holds several certificates, it is the one to which the key
    // belongs. Throws Error (data) that names the file and the remedy if there is none, or if the
    // key is protected by a passphrase.
    [[nodiscard]] static Authority read(const std::filesystem::path& cert,
                                        const std::filesystem::path& key);
    ~Authority();
    Authority(Authority&&) noexcept;

    [[nodiscard]] Pem pem() const;  // its own certificate and key
    [[nodiscard]] std::chrono::sys_seconds until() const;

    // A certificate with a new key.
    [[nodiscard]] Pem issue(const CertificateContents& contents) const;
    // The same, with the subject, names and purposes of the first certificate in the file `like`.
    // Throws Error (data).
    [[nodiscard]] Pem issue_like(const std::filesystem::path& like, const Validity& validity) const;
    // The revocation list in the file `list`, or a new one, with these certificates added, and
    // valid until the authority expires; lists of other authorities in this file are kept. As PEM
    // text. Throws Error: `refused` for a certificate of another authority, `data`.
    [[nodiscard]] std::string revoke(const std::vector<std::filesystem::path>& certs,
                                     const std::filesystem::path& list,
                                     std::chrono::sys_seconds at) const;

  private:
    struct Inner;
    explicit Authority(std::unique_ptr<Inner> inner);
    std::unique_ptr<Inner> inner_;
};

// What io::Certificate does not contain.
struct Purpose {
    std::string common_name{};  // empty: there is none, or it is not plain text
    std::string key{};          // "EC P-256", "RSA 2048 bits"
    bool server = false, client = false;
};
// The purposes of each certificate in the file, in its order. Throws Error (data).
[[nodiscard]] std::vector<Purpose> read_purposes(const std::filesystem::path& cert);

// Why the first certificate of the file `cert` was not signed by an authority in `ca`, or is not
// valid now; empty if it is good. Throws Error (data) if a file cannot be read.
[[nodiscard]] std::string why_not_trusted(const std::filesystem::path& cert,
                                          const std::filesystem::path& ca);
// True if the private key belongs to the first certificate. Throws Error (data).
[[nodiscard]] bool belongs_together(const std::filesystem::path& cert,
                                    const std::filesystem::path& key);

}  // namespace electiond::ctl
