// Measures how long the entries of a registry have not been renewed, by the clock of this process.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <electiond/peer.h>

#include "file_registry/registry.h"

namespace electiond::discovery {

// An entry expires if this process has seen it unchanged for the time that the entry itself states.
// Time stamps in the file are not used: a wall clock that is wrong or jumps, here or on the node
// that wrote the entry, neither makes an entry expire nor prevents that. The steady clock does not
// count the time while this machine is suspended. A process that has just started has seen no entry
// yet, so none expires until that time has passed.
//
// If this process cannot use the registry, perhaps no node can, and none can renew its entry. So
// the time in which this process could not read or write the registry does not count for the age of
// an entry: otherwise the first node that can write again would remove the entries of all others,
// although they run.
//
// One thread.
class Ages {
  public:
    using Instant = std::chrono::steady_clock::time_point;

    // Call it when the registry was accessible at `now`; if it has changed, call saw() next. The
    // age of an entry restarts if the last access is longer ago than the time between two renewals
    // of its node.
    void looked(Instant now);
    // The registry has been read at `now`.
    void saw(const Registry& registry, Instant now);
    // Call it when the registry cannot be written: all ages restart at its next change.
    void restart() { seen_.clear(); }

    // The entries in `registry`, just read, that have expired at `now`. An entry that differs from
    // the one that was seen last has not expired: its node has renewed it meanwhile.
    [[nodiscard]] std::vector<Registry::Renewed> expired(const Registry& registry,
                                                         Instant now) const;

  private:
    struct Seen {
        Instant since{};
        std::chrono::milliseconds expire_after{};
    };
    [[nodiscard]] bool lost_sight(const Seen& seen, Instant now) const;

    std::map<std::string, Seen> seen_;  // by the whole text of an entry
    std::optional<Instant> looked_at_;
};

}  // namespace electiond::discovery
