// The folder of `electionctl tls`: an authority, certificates and keys, written so that no file is
// ever incomplete, and none is lost.
#pragma once

#include <io/descriptor.h>

#include <filesystem>
#include <string>
#include <vector>

#include "electionctl/certificate_maker.h"

namespace electiond::ctl {

// ca.crt, ca.key, and for each node and the operator ID.crt and ID.key. Two processes can't work in
// it at the same time. All functions throw Error that names the file and the remedy: `refused` if a
// rule of electionctl forbids it, `disk` if the operating system fails. One thread at a time.
class CertificateFolder {
  public:
    enum class Missing { is_made, is_an_error };
    // Refuses a folder that belongs to another user, or in which others may write. Creates a folder
    // with mode 0700.
    CertificateFolder(const std::filesystem::path& folder, Missing missing);

    [[nodiscard]] const std::filesystem::path& path() const { return folder_; }
    [[nodiscard]] std::filesystem::path cert(const std::string& name) const;  // NAME.crt
    [[nodiscard]] std::filesystem::path key(const std::string& name) const;   // NAME.key
    [[nodiscard]] std::filesystem::path revocations() const { return folder_ / "ca.crl"; }
    // The names of all certificates except the authority's, sorted: 2 before 10.
    [[nodiscard]] std::vector<std::string> names() const;
    // Its authority. Can also throw Error (data).
    [[nodiscard]] Authority authority() const;

    struct Entry {
        std::string name{};
        Pem pem{};
    };
    // Writes new pairs; if one exists already, writes none. The certificate of the last entry
    // appears last: if it exists, all do.
    void add(const std::vector<Entry>& entries) const;
    // Replaces pairs; the former ones are kept as NAME.crt.old and NAME.key.old.
    void replace(const std::vector<Entry>& entries) const;
    // Writes or replaces revocations().
    void write_revocations(const std::string& text) const;

  private:
    void check_owner() const;
    void refuse_existing(const std::vector<Entry>& entries) const;
    void write_new(const std::vector<Entry>& entries) const;
    void synchronize() const;

    std::filesystem::path folder_;
    io::Descriptor handle_;  // locked while this object exists
};

}  // namespace electiond::ctl
