// Which changes happened and why: numbered entries, from which history, events and hooks are made.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "election/step.h"
#include "node/status.h"

namespace electiond {

// One change, as it is shown. `at` is by the boot clock; the control API converts it to wall time.
struct Entry {
    Index index = 0;
    Instant at{};
    Change change{};
    std::optional<NodeId> previous{};  // of LeaderGained, LeaderLost: the leader before
    // Of LeaderGained. `gap`: how long no node led, as far as this node can know. `election`: the
    // part of it in which this node knew no leader: the duration of the election.
    std::optional<Duration> gap{};
    std::optional<Duration> election{};
};

// The loop thread calls note(), tick() and set_loss_delay(); any thread may read. Keeps the newest
// kKept entries. To learn of new ones, listen to the status board: its index rises with them. The
// loss of a leader is entered only after 2 H. If a new leader comes before, both make one entry; if
// the same leader comes back with the same token, there is none.
class Journal {
  public:
    // `starts` numbers the entries: starts × 2^32 + n.
    Journal(std::uint64_t starts, Duration loss_delay);

    void note(Instant now, const Change& change);

    // After what time a loss is entered, from now on: 2 H. Loop thread.
    void set_loss_delay(Duration length) { loss_delay_ = length; }

    // Enters a loss whose delay is over.
    void tick(Instant now);
    [[nodiscard]] Instant deadline() const;

    // The index of the newest entry.
    [[nodiscard]] Index index() const;

    using Entries = std::vector<std::shared_ptr<const Entry>>;

    // Entries after `after`, oldest first, the newest `most` of them.
    [[nodiscard]] Entries after(Index after, std::size_t most) const;

    // For a reader that has read up to the entry `place`: all entries after it, oldest first.
    // nullopt if some of these are no longer kept, or if `place` is an index of another run of the
    // daemon. Then the reader must begin anew from the status board.
    [[nodiscard]] std::optional<Entries> since(Index place) const;

    static constexpr std::size_t kKept = 1024;

  private:
    void enter(Entry entry);
    void lost(Instant now, const LeaderLost& loss);
    void gained(Instant now, const LeaderGained& gain);
    [[nodiscard]] Entries copy_after(Index after) const;  // under the mutex

    struct Loss {
        Instant at{};
        LeaderLost change{};
        bool entered = false;
    };

    Duration loss_delay_;
    std::optional<KnownLeader> lead_;  // the last leader
    std::optional<Loss> loss_;         // since when no leader is known
    mutable std::mutex mutex_;         // guards the members below
    std::deque<std::shared_ptr<const Entry>> entries_;
    Index index_;
};

}  // namespace electiond
