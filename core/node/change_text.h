// A change in words: as a line of the log, and for whoever shows it elsewhere.
#pragma once

#include <string>

#include <electiond/log.h>

#include "election/change.h"

namespace electiond {

// One sentence for people, without a full stop.
[[nodiscard]] std::string sentence(const Change& change);

// The same for a trouble that still lasts: without how long it had lasted when it was told.
[[nodiscard]] std::string standing_sentence(const Change& trouble);

// The node that a trouble is about; empty where it is about several.
[[nodiscard]] NodeId subject_of(const Change& trouble);

// Writes `change` to `log`: what an operator may have to act on as a warning, the rest as
// information.
void log_change(const Log& log, const Change& change);

}  // namespace electiond
