// The identity of this node in its messages.
#pragma once

#include <string>

#include <electiond/peer.h>

namespace electiond {

// Does not change while the process runs.
struct Identity {
    std::string incarnation{};  // drawn at each start
    Endpoint address{};         // of its transport, as others reach it
    std::string api{};          // host:port of its control API; may be empty
    std::string version{};      // of the program
    // The certificate of each other node must name it (transport.tls with identity: node).
    bool certificates_name_nodes = false;
};

}  // namespace electiond
