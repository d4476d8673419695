// The verb top: the seed's monitor as a full screen.
#pragma once

#include "electionctl/verbs.h"

namespace electiond::ctl {

// Returns the exit code; 128+n where signal n ended it. The terminal is as it was before. Throws
// Unreachable (--once) and UsageError (no terminal).
int top(const Session& session);

}  // namespace electiond::ctl
