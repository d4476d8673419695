// Remedies for messages of the host and of plugins.
#pragma once

#include <string>

namespace electiond {

// What to do if a file system is read-only (EROFS): a clause for a message about a file in
// `directory`. The units of systemd make everything read-only but the node's own directories. Pure.
[[nodiscard]] inline std::string read_only_remedy(const std::string& directory) {
    return "mount that file system for writing; or, if systemd runs electiond "
           "(ProtectSystem=strict makes it read-only), write the drop-in (systemctl edit, with the "
           "name of the unit) \"[Service] ReadWritePaths=" +
           directory + "\", on two lines, and restart the unit";
}

}  // namespace electiond
