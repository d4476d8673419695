// Invariants of every world and every step, checked from outside.
#pragma once

#include <string>

#include "exploration/stage.h"

namespace electiond::exploration {

// The guarantee of the protocol that this world violates; empty if none. Records in `world` which
// node led, and with which token.
[[nodiscard]] std::string broken_promise(const Stage& stage, World& world);

// Faults of a step: a node goes back in its record, sends something that is not saved (D1), or
// overlooks a change of the voters.
[[nodiscard]] std::string broken_step(const Election& after, const Durable& before,
                                      const Effects& effects, const Input& input, Instant now);

}  // namespace electiond::exploration
