// A claim as JSON, the same in every arbiter's store, and read back strictly.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include <electiond/peer.h>

namespace electiond::discovery {

// An object with cluster, clusterId, uuid, and claimedAt for people (`time`, ISO 8601). Nothing if
// read_claim_json could not read it back.
[[nodiscard]] std::optional<std::string> claim_json(const std::string& cluster, const Claim& claim,
                                                    const std::string& time);

// The inverse: the claim of this cluster, or a clause that says why it is none, as in "it is not
// JSON (…)".
[[nodiscard]] std::variant<Claim, std::string> read_claim_json(const std::string& text,
                                                               const std::string& cluster);

// What claim_json's refusal means for the operator.
[[nodiscard]] std::string cannot_be_stored(const std::string& cluster, const Claim& claim);

// As in 2026-11-29T08:07:08Z.
[[nodiscard]] std::string time_text(std::chrono::system_clock::time_point time);

}  // namespace electiond::discovery
