// Until when clients were told that they may rely on us: the one thing API threads may change
// (§10).
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "election/timing.h"
#include "node/status.h"

namespace electiond {

// One atomic word of {generation, closed, granted until}. Nobody waits for a lock, and no grant can
// be given after the loop has read the word. Starts closed.
class GrantBook {
  public:
    // Any thread. What a client that asks at `now` may be told to rely on: at most `longest`, at
    // most the lease that `board` shows, less the drift margin and rounded down; 0 where this node
    // does not lead. The word is read first, then the board, then the later end is swapped in
    // (§10).
    [[nodiscard]] Milliseconds grant(const class StatusBoard& board, Instant now,
                                     Milliseconds longest);

    // Loop thread. A new lead: a grant begun under an earlier one fails. What was granted stays.
    void open();

    // Loop thread. No grant is given after this returns; until when the last one runs.
    Instant close();

    [[nodiscard]] bool closed() const;

  private:
    // 16 bits generation, 1 bit closed, 47 bits milliseconds since boot (rounded up).
    static constexpr std::uint64_t kClosed = std::uint64_t{1} << 47;
    static constexpr std::uint64_t kUntil = kClosed - 1;
    static constexpr std::uint64_t kGeneration = ~(kClosed | kUntil);

    std::atomic<std::uint64_t> word_{kClosed};
};

}  // namespace electiond
