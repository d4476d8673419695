// Asks for confirmation before a change that cannot be undone.
#pragma once

#include <string>

#include "electionctl/verbs.h"

namespace electiond::ctl {

// True if the change may be made: --yes was given, standard input or standard error is not a
// terminal (a script), or the user types yes. `what` is the question's first sentence.
[[nodiscard]] bool confirmed(const Session& session, const std::string& what);

}  // namespace electiond::ctl
