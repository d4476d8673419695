// A certificate authority for tests: certificates of every kind, right and wrong, and revocations.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace electiond {

// Keys are EC P-256. All files are PEM, in a temporary folder that the destructor removes; keys
// have mode 0600. Everything throws std::runtime_error. One thread at a time.
class TestCa {
  public:
    // `name`: its common name. Two authorities may have the same.
    explicit TestCa(const std::string& name = "test CA");
    ~TestCa();
    TestCa(const TestCa&) = delete;
    TestCa& operator=(const TestCa&) = delete;

    // Its own certificate.
    [[nodiscard]] const std::filesystem::path& file() const;

    static constexpr std::size_t kSerialBytes = 16;
    struct Wish {
        // The SAN: "URI:…", "DNS:…", "IP:…", "email:…". Taken byte by byte, except of "IP:".
        std::vector<std::string> names{};
        std::chrono::seconds from = std::chrono::hours(-1);  // from now
        std::chrono::seconds until = std::chrono::hours(24);
        bool server = true;  // extended key usage; if both are false, the extension is left out
        bool client = true;
        std::string subject = "node";  // the common name
        // Signed by an intermediate authority, whose certificate follows in the same file.
        bool by_intermediate = false;
        std::size_t serial_bytes = kSerialBytes;  // of its serial number
    };
    struct Files {
        std::filesystem::path cert{}, key{};
    };
    // Each call makes a new key and new files.
    [[nodiscard]] Files issue(const Wish& wish);

    // A revocation list that names these certificates, and is due to be replaced `until` from now.
    // Once there is an intermediate authority, its list is in the same file.
    [[nodiscard]] std::filesystem::path revoke(const std::vector<Files>& what,
                                               std::chrono::seconds until = std::chrono::hours(24));

  private:
    struct Inner;
    const std::unique_ptr<Inner> inner_;
};

}  // namespace electiond
