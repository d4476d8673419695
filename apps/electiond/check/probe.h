// electiond --check --probe: binds ports, resolves names, and asks the other nodes.
#pragma once

#include <ostream>

#include "assembly.h"

namespace electiond {

struct ProbeResult {
    // 0; 71 if a port cannot be bound or transport.advertise does not resolve; 69 if another node
    // answers but cannot be used (its certificate, its cluster), or if a discovery does not answer.
    // A node that is not reached is not a fault: the first node can't reach the others yet.
    int code = 0;
    bool all_ended = true;  // false: the process must end by std::_Exit
};

// Binds the ports and closes them, resolves names, asks every node that the discoveries name, and
// prints a line for each to `out`. Announces nothing and writes no file. This node's own daemon may
// run meanwhile.
[[nodiscard]] ProbeResult probe(PluginHost& host, const Settings& settings,
                                const LoadedPlugins& plugins, std::ostream& out);

}  // namespace electiond
