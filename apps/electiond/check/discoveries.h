// What the discoveries of a configuration find wrong around them.
#pragma once

#include "assembly.h"
#include "check/findings.h"

namespace electiond {

// Calls check() of each, on a thread of its own and for kCallLimit at most. Changes nothing. False
// if one of them hangs: then the process must end by std::_Exit, and `plugins` must not be
// destroyed.
[[nodiscard]] bool check_discoveries(const LoadedPlugins& plugins, const Settings& draft,
                                     Findings& findings);

// The same for one of them: then that one must not be destroyed.
[[nodiscard]] bool check_discovery(const LoadedPlugins::Named& loaded, const Settings& draft,
                                   Findings& findings);

// This node as it would announce itself, as far as that is known without a start: no uuid, and no
// address if the port is chosen at start.
[[nodiscard]] Peer own_peer(const Settings& settings);

}  // namespace electiond
