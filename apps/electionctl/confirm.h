// Asks a person before a change that cannot be taken back.
#pragma once

#include <string>

#include "electionctl/verbs.h"

namespace electiond::ctl {

// True if the change may be made: --yes was given, standard input or standard error is no terminal
// (a script), or the person there types yes. `what` is the question's first sentence.
[[nodiscard]] bool confirmed(const Session& session, const std::string& what);

}  // namespace electiond::ctl
