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
// No time stamp in the file matters here: a wall clock that is wrong or jumps, here or on the node
// that wrote the entry, makes no entry expire, and keeps none. The steady clock does not count the
// time while this machine is suspended. A process that has just started has seen no entry yet, so
// none expires until that time has passed.
//
// A registry that cannot be used now may be out of reach for all nodes, and none can renew its
// entry. So a time in which this process did not see the registry, or could not write it, makes no
// entry older: otherwise the first node that can write again would remove all others, which live.
//
// One thread.
class Ages {
  public:
    using Instant = std::chrono::steady_clock::time_point;

    // The registry stands at `now`; if it has changed, saw() follows. The age of an entry begins
    // again if the last such moment is longer ago than its node waits between two renewals.
    void looked(Instant now);
    // The registry has been read at `now`.
    void saw(const Registry& registry, Instant now);
    // All ages begin again when the registry has changed next: it cannot be written now.
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
