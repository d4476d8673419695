// The state of this node in one line, for a service manager.
#pragma once

#include <string>

#include "node/status.h"

namespace electiond {

// Leader, term, role, quorum, and the first standing problem, as in "follows node 2, term 7; voter;
// quorum 2 of 3 voters". Has no control characters, even if texts from peers have. Pure.
[[nodiscard]] std::string service_status(const Status& status, Instant now);

}  // namespace electiond
