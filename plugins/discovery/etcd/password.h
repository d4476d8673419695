// The file with the password of etcd's user.
#pragma once

#include <filesystem>
#include <string>

namespace electiond::discovery::etcd {

// Its content without blanks and line ends at its end. Throws Error (config) whose text continues
// "discovery[0].password_file " and never shows what the file contains.
[[nodiscard]] std::string read_password(const std::filesystem::path& file);

}  // namespace electiond::discovery::etcd
