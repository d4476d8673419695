// A change as a line of the log.
#pragma once

#include <electiond/log.h>

#include "election/change.h"

namespace electiond {

// Writes `change` to `log`: reports as warnings, the rest as information.
void log_change(const Log& log, const Change& change);

}  // namespace electiond
