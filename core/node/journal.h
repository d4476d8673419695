// What changed and why: numbered entries, the source of history, events and hooks.
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

// One change, as it is shown. `at` is the boot clock; who shows it turns it into wall time.
struct Entry {
    Index index = 0;
    Instant at{};
    Change change{};
    std::optional<NodeId> previous{};  // of LeaderGained and LeaderLost: who led before
    // Of LeaderGained: how long nobody led as far as this node can tell, and how much of that
    // nobody was known to lead here: what the election took.
    std::optional<Duration> gap{};
    std::optional<Duration> election{};
};

// note and tick by the loop thread; read from any thread. Keeps the newest kKept entries; who wants
// to know of new ones listens to the status board, whose index moves with them.
// A loss of the leader is held back for 2 H: a leader that follows at once makes one entry of two,
// and the same leader under the same token makes none.
class Journal {
  public:
    // `starts` numbers the entries: starts × 2^32 + n.
    Journal(std::uint64_t starts, Duration patience);

    void note(Instant now, const Change& change);

    // Enters a loss that was held back long enough.
    void tick(Instant now);
    [[nodiscard]] Instant deadline() const;

    // The index of the newest entry.
    [[nodiscard]] Index index() const;

    using Entries = std::vector<std::shared_ptr<const Entry>>;

    // Entries after `after`, oldest first, the newest `most` of them.
    [[nodiscard]] Entries after(Index after, std::size_t most) const;

    // All that came after the entry `place`, oldest first, for a reader that has read up to there.
    // Nothing if that can't be told: entries after it are no longer kept, or it is an index of
    // another life of the process. Then the reader must begin anew from the status board.
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

    const Duration patience_;
    std::optional<KnownLeader> lead_;  // who led last
    std::optional<Loss> loss_;         // nobody leads since
    mutable std::mutex mutex_;         // of what stands below
    std::deque<std::shared_ptr<const Entry>> entries_;
    Index index_;
};

}  // namespace electiond
