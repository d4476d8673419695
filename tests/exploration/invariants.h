// What must hold in every world and at every step, looked at from outside.
#pragma once

#include <string>

#include "exploration/stage.h"

namespace electiond::exploration {

// Which promise of the protocol is broken in this world; empty where none is. Notes in `world` who
// led and with which token.
[[nodiscard]] std::string broken_promise(const Stage& stage, World& world);

// What a node may never do in a step: go back in its record, or say what is not saved (D1).
[[nodiscard]] std::string broken_step(const Election& after, const Durable& before,
                                      const Effects& effects, const Input& input, Instant now);

}  // namespace electiond::exploration
