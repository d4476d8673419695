// Writes a change as a sentence, for the control API, and as a line of the log.
#pragma once

#include <string>

#include <electiond/log.h>

#include "election/change.h"

namespace electiond {

// One sentence for the operator, without a full stop.
[[nodiscard]] std::string sentence(const Change& change);

// The same for a problem that still lasts: without its length, which would be out of date.
[[nodiscard]] std::string standing_sentence(const Change& trouble);

// The node that a problem concerns; empty if it concerns several.
[[nodiscard]] NodeId subject_of(const Change& trouble);

// Logs `change`: as a warning if an operator may have to act, else as information.
void log_change(const Log& log, const Change& change);

}  // namespace electiond
