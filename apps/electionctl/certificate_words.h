// Explains a certificate: its names, its purposes and its validity.
#pragma once

#include <chrono>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include <io/tls.h>

namespace electiond::ctl {

// Explains every certificate of a PEM file, with the days left from `now`; never shows a key. If
// `ca` or `key` are not empty, adds whether the first certificate comes from these authorities and
// is valid, and whether the private key belongs to it; returns false if not. Throws Error (data)
// that names the file.
[[nodiscard]] bool explain_certificates(std::ostream& out, const std::filesystem::path& file,
                                        const std::filesystem::path& ca,
                                        const std::filesystem::path& key,
                                        std::chrono::sys_seconds now);

// As io::read_certificates, but a fault of the file is an Error (data).
[[nodiscard]] std::vector<io::Certificate> read_certificates(const std::filesystem::path& file);

// "2026-11-28", in UTC.
[[nodiscard]] std::string date_of(std::chrono::sys_seconds time);

}  // namespace electiond::ctl
