// What the offline commands make of a record: recover after a disaster, rejoin as a new member
// (§6).
#pragma once

#include <string>

#include "election/durable.h"

namespace electiond {

// §6.5: a majority is lost for good and this survivor goes on alone. `fresh_id` names the cluster
// that replaces the old one; its terms begin above any that the old one can have used. `record`
// must be a member's.
[[nodiscard]] Durable recovered(const Durable& record, const std::string& fresh_id);

// B1: a claim names a node that is lost for good; this blank node founds in its stead. `orphan` is
// the cluster id of that claim.
[[nodiscard]] Durable founded_anew(const Durable& blank, const std::string& orphan,
                                   const std::string& fresh_id);

// §6.4: a new, blank member under a new uuid. What was promised stays promised.
[[nodiscard]] Durable rejoined(const Durable& record, const NodeUuid& fresh);

}  // namespace electiond
