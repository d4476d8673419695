// Checks whether this node's ports can be bound: binds and closes each.
#pragma once

#include <string>
#include <vector>

#include "assembly.h"

namespace electiond {

struct Probed {
    std::string line;  // "api.listen 127.0.0.1:7400: free"
    bool good = true;
};

// Binds each address of api.listen and of the transport for a moment. Only connects to Unix
// sockets, since binding one would create its file. Resolves host names, also that of
// transport.advertise. If this node's own daemon runs, its ports count as good. Blocks for name
// look-ups, for at most kCallLimit for transport.advertise. `all_ended` becomes false if that
// look-up hangs: the process must then end by std::_Exit.
[[nodiscard]] std::vector<Probed> probe_ports(PluginHost& host, const Settings& settings,
                                              bool& all_ended);

}  // namespace electiond
