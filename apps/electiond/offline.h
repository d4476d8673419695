// The commands for a node that does not run: recover, rejoin (protocol.md 6.4, 6.5).
#pragma once

#include <functional>
#include <string>

#include "settings/settings.h"

namespace electiond {

// Asks the operator; true if the answer is yes.
using Confirm = std::function<bool(const std::string& question)>;

// Each works on the data directory of `settings`, prints what it did to standard output, and
// returns the exit code: 0, or 1 if the operator said no. Throws Error: `data` if the directory
// holds no node or a daemon runs on it, `refused` if the command does not fit the node's state.
// recover and recover_claim first send requests to the other nodes (some seconds). recover throws
// Error (refused) while a quorum of the voters answers, and Error (unavailable) if it cannot ask;
// recover_claim throws Error (refused) while the node that the claim names answers. `force` skips
// these refusals.
[[nodiscard]] int recover(const Settings& settings, const Confirm& confirm, bool force);
[[nodiscard]] int recover_claim(const Settings& settings, const Confirm& confirm, bool force);
[[nodiscard]] int rejoin(const Settings& settings, const Confirm& confirm);

}  // namespace electiond
