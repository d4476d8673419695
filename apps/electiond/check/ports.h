// Whether this node's own ports can be bound, tried and let go.
#pragma once

#include <string>
#include <vector>

#include "assembly.h"

namespace electiond {

struct Probed {
    std::string line;  // "api.listen 127.0.0.1:7400: free"
    bool good = true;
};

// Binds each address of api.listen and the transport's for a moment. Unix sockets are only
// connected to: binding one would make its file. Resolves names, transport.advertise, too. If the
// node's own daemon runs, its ports count as good. Blocks for names, kCallLimit for the one of
// advertise. `all_ended` becomes false if that hangs: the process must then end by std::_Exit.
[[nodiscard]] std::vector<Probed> probe_ports(PluginHost& host, const Settings& settings,
                                              bool& all_ended);

}  // namespace electiond
