// The verb top: shows the cluster on a full screen.
#pragma once

#include "electionctl/verbs.h"

namespace electiond::ctl {

// Returns the exit code; 128+n if signal n ended it. Restores the terminal. Throws Unreachable
// (--once) and UsageError (no terminal).
int top(const Session& session);

}  // namespace electiond::ctl
