// Remedies that several parts of the host and plugins name in their messages.
#pragma once

#include <string>

namespace electiond {

// What to do if a file system is read-only (EROFS), as a clause of a message that names a file in
// `folder`. The units of systemd make everything read-only but the node's own folders. Pure.
[[nodiscard]] inline std::string read_only_remedy(const std::string& folder) {
    return "mount that file system for writing; or, if systemd runs electiond "
           "(ProtectSystem=strict makes it read-only), write the drop-in (systemctl edit, with the "
           "name of the unit) \"[Service] ReadWritePaths=" +
           folder + "\", on two lines, and restart the unit";
}

}  // namespace electiond
