// How a node speaks of itself.
#pragma once

#include <string>

#include <electiond/peer.h>

namespace electiond {

// Fixed for the life of a process.
struct Identity {
    std::string incarnation{};  // drawn at each start
    Endpoint address{};         // of its transport, as others reach it
    std::string api{};          // host:port of its control API; may be empty
    std::string version{};      // of the program
};

}  // namespace electiond
