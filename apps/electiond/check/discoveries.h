// Calls check() of each discovery of a configuration.
#pragma once

#include "assembly.h"
#include "check/findings.h"

namespace electiond {

// Calls check() of each, on a thread of its own and for kCallLimit at most. Changes nothing. False
// if one of them hangs: then the process must end by std::_Exit, and `plugins` must not be
// destroyed.
[[nodiscard]] bool check_discoveries(const LoadedPlugins& plugins, const Settings& draft,
                                     Findings& findings);

// The same for one discovery; if it hangs, only this one must not be destroyed.
[[nodiscard]] bool check_discovery(const LoadedPlugins::Named& loaded, const Settings& draft,
                                   Findings& findings);

// This node as it would announce itself, without the values that only a start decides: the uuid,
// and an address with port 0.
[[nodiscard]] Peer own_peer(const Settings& settings);

}  // namespace electiond
