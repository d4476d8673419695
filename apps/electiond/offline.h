// What is done to a node that does not run: recover, rejoin (protocol.md 6.4, 6.5).
#pragma once

#include <functional>
#include <string>

#include "settings/settings.h"

namespace electiond {

// Asks the operator; true where the answer is yes.
using Confirm = std::function<bool(const std::string& question)>;

// Each works on the data directory of `settings`, tells on standard output what it did, and returns
// the exit code: 0, or 1 where the operator said no. Throws Error: data where the directory holds
// no node or a daemon runs on it, refused where the command does not fit its state.
// recover and recover_claim first ask the other nodes whether they live (some seconds), and throw
// Error (refused) while a quorum of the voters answers, or the node that the claim names; recover
// also (unavailable) if it cannot ask. With `force` they do not refuse for that.
[[nodiscard]] int recover(const Settings& settings, const Confirm& confirm, bool force);
[[nodiscard]] int recover_claim(const Settings& settings, const Confirm& confirm, bool force);
[[nodiscard]] int rejoin(const Settings& settings, const Confirm& confirm);

}  // namespace electiond
