// What changed and why: numbered entries, the source of history, events and hooks.
#pragma once

#include <deque>
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
    std::optional<NodeId> previous{};  // leader and no_leader: who led before
    std::optional<Duration> gap{};     // leader: how long nobody was known to lead
};

// note and tick by the loop thread; read from any thread. Keeps the newest kKept entries.
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

    // Entries after `after`, oldest first, the newest `most` of them.
    [[nodiscard]] std::vector<Entry> after(Index after, std::size_t most) const;

    static constexpr std::size_t kKept = 1024;

  private:
    void enter(Entry entry);
    void lost(Instant now, const Change& change);
    void gained(Instant now, const Change& change);

    struct Loss {
        Instant at{};
        Change change{};
        bool entered = false;
    };
    struct Lead {
        NodeUuid uuid{};
        NodeId id{};
        Term token = 0;
    };

    const Duration patience_;
    std::optional<Lead> lead_;  // who led last
    std::optional<Loss> loss_;  // nobody leads since
    mutable std::mutex mutex_;  // of what stands below
    std::deque<Entry> entries_;
    Index index_;
};

}  // namespace electiond
