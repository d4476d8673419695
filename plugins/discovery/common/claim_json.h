// A claim as JSON, the same text in the store of every arbiter; parsed strictly.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include <electiond/peer.h>

namespace electiond::discovery {

// An object with cluster, clusterId, uuid, and claimedAt (`time`, ISO 8601, only for people).
// Returns nullopt if read_claim_json could not read it back.
[[nodiscard]] std::optional<std::string> claim_json(const std::string& cluster, const Claim& claim,
                                                    const std::string& time);

// The inverse. Returns the claim of this cluster, or a clause with the reason why the text is not
// one, such as "it is not JSON (…)".
[[nodiscard]] std::variant<Claim, std::string> read_claim_json(const std::string& text,
                                                               const std::string& cluster);

// The message for the operator if claim_json returns nullopt.
[[nodiscard]] std::string cannot_be_stored(const std::string& cluster, const Claim& claim);

// As in 2026-11-29T08:07:08Z.
[[nodiscard]] std::string time_text(std::chrono::system_clock::time_point time);

}  // namespace electiond::discovery
