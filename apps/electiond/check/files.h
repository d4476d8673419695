// Checks files of this machine that could keep a node from starting.
#pragma once

#include "check/findings.h"
#include "settings/settings.h"

namespace electiond {

// Checks the data directory and the paths of the API's Unix sockets, as the effective user. Changes
// nothing and contacts no other process: a running daemon may use all of them. `draft` may have
// other faults. Blocks for the file system.
void check_files(const Settings& draft, Findings& findings);

}  // namespace electiond
