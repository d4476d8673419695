// What in this machine's files would keep a node from starting.
#pragma once

#include "check/findings.h"
#include "settings/settings.h"

namespace electiond {

// Looks at the data directory and at the places of the API's Unix sockets, as the effective user.
// Changes nothing, and asks no other process: a running daemon may hold all of them. `draft` may
// have faults elsewhere. Blocks for the file system.
void check_files(const Settings& draft, Findings& findings);

}  // namespace electiond
