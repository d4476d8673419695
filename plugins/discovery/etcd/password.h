// Reads the file with the password of the user of etcd.
#pragma once

#include <filesystem>
#include <string>

namespace electiond::discovery::etcd {

// Returns the content without trailing blanks and newlines. Throws Error (config); its text
// continues "discovery[0].password_file ", and never contains the content of the file.
[[nodiscard]] std::string read_password(const std::filesystem::path& file);

}  // namespace electiond::discovery::etcd
