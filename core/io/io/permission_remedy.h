// The commands that correct owner and mode of a file with a secret, as clauses of a message.
#pragma once

#include <filesystem>
#include <string>

namespace electiond::io {

// What follows "cannot be read: Permission denied; ": owner, group and mode of `file`, or of the
// directory above it that this user may not enter, and the commands that let the effective user
// read it, as in "it belongs to root, group root, mode 0600; to let user electiond read it: chgrp
// electiond FILE && chmod 0640 FILE". Changes nothing. Blocks for the file system. Any thread.
[[nodiscard]] std::string read_permission_remedy(const std::filesystem::path& file);

// The command after which only the effective user can read `file`; "chmod 0600 FILE" alone would
// help only its owner. Changes nothing. Blocks for the file system. Any thread.
[[nodiscard]] std::string private_mode_remedy(const std::filesystem::path& file);

}  // namespace electiond::io
