// Times what the state file does, and says when the disk is too slow for the election.
#pragma once

#include <atomic>
#include <optional>

#include <electiond/log.h>

#include "election/durable.h"
#include "node/status_board.h"

namespace electiond {

// Hands everything on to the real store. The loop waits for each save, so a save that takes longer
// than the lease is a lost lead: this names the cause, which nobody could guess from the election's
// own lines. Borrowed references must outlive it.
class SlowDisk : public DurableStore {
  public:
    // `lease` is Λ of protocol.md §4.4.
    SlowDisk(DurableStore& store, const StatusBoard& board, Duration lease, Log log)
        : store_(store), board_(board), lease_(lease), log_(std::move(log)) {}

    // Loop thread, as DurableStore says. Throw what the store throws.
    std::optional<Durable> load() override { return store_.load(); }
    void save(const Durable& record) override;
    void settle() override;

    // To be called about once a second, by one thread other than the loop's: warns once of a write
    // that has not returned for longer than the lease.
    void check(Instant now);

  private:
    template <class Act>
    void timed(const Act& act);

    DurableStore& store_;
    const StatusBoard& board_;
    const Duration lease_;
    const Log log_;
    std::atomic<Instant> begun_{Instant{}};   // of the write under way; zero: none
    std::atomic<Instant> warned_{Instant{}};  // of which write check() has warned
};

}  // namespace electiond
