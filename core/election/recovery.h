// What the offline commands make of a record: recover after a disaster, rejoin as a new member
// (§6).
#pragma once

#include <string>

#include "election/durable.h"

namespace electiond {

// §6.5, after a majority is lost for good: this member becomes the only voter. `fresh_id` is the id
// of the cluster that replaces the old one; its terms begin above all that the old one can have
// used. `record` must be that of a member.
[[nodiscard]] Durable recovered(const Durable& record, const std::string& fresh_id);

// B1, after the node that a claim names is lost for good: this blank node founds the cluster.
// `orphan` is the cluster id of that claim.
[[nodiscard]] Durable founded_anew(const Durable& blank, const std::string& orphan,
                                   const std::string& fresh_id);

// §6.4: a blank node with a new uuid. Promises that the node has given still bind it.
[[nodiscard]] Durable rejoined(const Durable& record, const NodeUuid& fresh);

}  // namespace electiond
