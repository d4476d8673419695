// Instants of the boot clock, and the checked timers of the protocol (protocol.md section 7).
#pragma once

#include <chrono>
#include <cstdint>

namespace electiond {

using Duration = std::chrono::nanoseconds;
using Milliseconds = std::chrono::milliseconds;

// CLOCK_BOOTTIME of one node. The election never reads it: each Instant is an argument.
// Instants of two nodes, or of two boots, must never be compared.
struct BootClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;
};
using Instant = BootClock::time_point;

inline constexpr Instant kNever = Instant::max();

// A promise longer than this is a malformed message: it would keep a voter silent for too long.
inline constexpr Milliseconds kPromiseMax = std::chrono::hours(24);

// rho of assumption A4: how far a clock's rate may be from real time.
inline constexpr std::int64_t kDriftPerMille = 10;

// R3: the delay between the first campaigns of two voters whose order no leader has sent.
inline constexpr Milliseconds kFoundersStep{10};

// The part of `length` that is safe on another node, as both clocks may differ from real time by
// rho: length * (1 - rho) / (1 + rho), rounded down.
[[nodiscard]] constexpr Duration less_drift(Duration length) {
    return Duration(length.count() / (1000 + kDriftPerMille) * (1000 - kDriftPerMille));
}

// All timers of one node. Settings checks the rules between them. E is fixed for the life of a
// process (section 7), as are J and the grant; the others change by PolicyChange.
struct Timing {
    Milliseconds heartbeat{100};          // H
    Milliseconds election_timeout{1000};  // E, and D: the promise asked for
    Milliseconds election_spread{500};    // S
    Milliseconds request_timeout{250};    // R
    Milliseconds hello{500};              // J
    Milliseconds stable_after{2000};      // how long an observer acks before it gets a vote
    Milliseconds dead_after{30000};       // how long a voter is silent before it counts as lost
    Milliseconds client_grant{100};       // the longest validForMs

    // The defaults of all timers, which are derived from E.
    [[nodiscard]] static constexpr Timing from(Milliseconds e) {
        return {.heartbeat = e / 10,
                .election_timeout = e,
                .election_spread = e / 2,
                .request_timeout = e / 4,
                .hello = e / 2,
                .stable_after = 2 * e,
                .dead_after = 30 * e,
                .client_grant = e / 10};
    }

    // Λ, how long a lease lasts from the sending of the heartbeat that earned it (§4.4).
    [[nodiscard]] constexpr Duration lease() const { return less_drift(election_timeout); }
};

}  // namespace electiond
