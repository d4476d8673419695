// Until when clients may rely on this node: the only state of the node that API threads change
// (§10).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <ratio>

#include "election/timing.h"
#include "node/status.h"

namespace electiond {

// One atomic word of {generation, closed, granted until}. No thread waits for a lock, and no grant
// can be given after the loop has closed the book. Starts closed.
class GrantBook {
  public:
    // Any thread. For how long a client that asks at `now` may rely on this node: at most
    // `longest`, and at most the lease that `board` shows, less the drift margin, rounded down; 0
    // if this node does not lead. Reads the word first, then the board, then swaps in the later end
    // (§10).
    [[nodiscard]] Milliseconds grant(const class StatusBoard& board, Instant now,
                                     Milliseconds longest);

    // Loop thread. A new lead begins: a grant() that began under an earlier lead fails; grants that
    // were given stay.
    void open();

    // Loop thread. No grant is given after this returns. Returns when the last one ends.
    Instant close();

    [[nodiscard]] bool closed() const;

  private:
    // 16 bits generation, 1 bit closed, 47 bits sixteenths of a millisecond since boot (rounded
    // up): a hand-over waits for the end of the last grant, and no longer.
    using Tick = std::chrono::duration<std::int64_t, std::ratio<1, 16'000>>;
    static constexpr std::uint64_t kClosed = std::uint64_t{1} << 47;
    static constexpr std::uint64_t kUntil = kClosed - 1;
    static constexpr std::uint64_t kGeneration = ~(kClosed | kUntil);

    std::atomic<std::uint64_t> word_{kClosed};
};

}  // namespace electiond
