// For how long the entries of a registry have not been renewed, by the clock of this process alone.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <electiond/peer.h>

#include "file_registry/registry.h"

namespace electiond::discovery {

// An entry expires if this process has seen it unchanged for as long as the entry itself says. No
// time in the file matters here: a wall clock that is wrong or jumps, here or on the node that
// wrote the entry, neither expires an entry nor keeps one. The steady clock does not count the time
// while this machine is suspended. A process that has just started has seen nothing yet, so it
// expires nothing for that long.
//
// One thread.
class Ages {
  public:
    using Instant = std::chrono::steady_clock::time_point;

    // The registry has been read at `now`.
    void saw(const Registry& registry, Instant now);

    // The nodes whose entries in `registry`, just read, have expired at `now`. An entry that
    // differs from what was seen last has not: its node renewed it meanwhile.
    [[nodiscard]] std::vector<Registry::Renewed> expired(const Registry& registry,
                                                         Instant now) const;

  private:
    std::map<std::string, Instant> since_;  // the whole text of an entry: first seen then
};

}  // namespace electiond::discovery
