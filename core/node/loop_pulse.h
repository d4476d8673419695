// Whether the election loop runs: /livez reads this and need not ask the loop.
#pragma once

#include <algorithm>
#include <atomic>

#include "election/timing.h"

namespace electiond {

// One atomic word: the moment from which on the loop should have done its next turn. That is the
// start of the event that it works on, or the deadline that it sleeps towards. The thread that
// uses the node writes, any thread reads.
class LoopPulse {
  public:
    // The loop begins to work on one event.
    void works_since(Instant now) { due_ = now; }
    // The loop has nothing to do before `deadline`, unless an event comes.
    void sleeps_until(Instant deadline) { due_ = deadline; }
    // The loop does not run (the state at the start).
    void stopped() { due_ = Instant{}; }

    // For how long the loop has worked on one event, or has overslept its deadline; 0 if neither.
    [[nodiscard]] Duration late(Instant now) const {
        return std::max(Duration{0}, now - due_.load());
    }

    // False once the loop is late by kLimit.
    [[nodiscard]] bool beats(Instant now) const { return late(now) < kLimit; }

    static constexpr Milliseconds kLimit{1000};

  private:
    std::atomic<Instant> due_{Instant{}};
};

}  // namespace electiond
