// Times and counts each write of the state file, and warns if the disk is too slow for the
// election.
#pragma once

#include <atomic>
#include <functional>
#include <optional>

#include <electiond/log.h>

#include "election/durable.h"
#include "node/counters.h"
#include "node/status_board.h"

namespace electiond {

// Passes every call on to the real store. The loop waits for each save, so a node loses its lead if
// a save takes longer than the lease. The warning names this cause, which the election's own log
// lines do not show. Borrowed references must outlive it.
class SlowDisk : public DurableStore {
  public:
    // `lease` is Λ of protocol.md §4.4. `begins` is called when a write begins, and must not block:
    // from then on call check() until it returns false.
    SlowDisk(DurableStore& store, const StatusBoard& board, Counters& counters, Duration lease,
             Log log, std::function<void()> begins = {})
        : store_(store),
          board_(board),
          counters_(counters),
          lease_(lease),
          log_(std::move(log)),
          begins_(std::move(begins)) {}

    // Loop thread, as for DurableStore. Throw what the store throws.
    std::optional<Durable> load() override { return store_.load(); }
    void save(const Durable& record) override;
    void sync_twin() override;

    // Call it about once a second, from one thread other than the loop's: warns once if a write has
    // not returned for longer than the lease. False: no write is under way.
    bool check(Instant now);

  private:
    template <class Act>
    void timed(const Act& act);

    DurableStore& store_;
    const StatusBoard& board_;
    Counters& counters_;
    const Duration lease_;
    const Log log_;
    const std::function<void()> begins_;
    std::atomic<Instant> begun_{Instant{}};   // of the write under way; zero: none
    std::atomic<Instant> warned_{Instant{}};  // start of the write that check() has warned of
};

}  // namespace electiond
