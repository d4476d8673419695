// What of an Election decides what it will do next: as a number, relative to now, under any
// renaming of the nodes.
#pragma once

#include <cstdint>
#include <vector>

#include "election/election.h"
#include "exploration/renaming.h"

namespace electiond {

// A friend of Election. It also holds still what the exploration chooses for itself: when an
// election timer fires, and that nobody says hello.
struct ElectionFingerprint {
    // Two elections with the same number answer every future alike, but for names, absolute times
    // and what is only told to people. What is left out, and why that is sound: docs/testing.md.
    [[nodiscard]] static std::uint64_t of(const Election& election, Instant now,
                                          const exploration::Renaming& renaming);
    [[nodiscard]] static std::uint64_t of(const Durable& record,
                                          const exploration::Renaming& renaming);
    [[nodiscard]] static std::uint64_t of(const Electorate& config,
                                          const exploration::Renaming& renaming);

    // Everything at which it may behave differently than just before.
    [[nodiscard]] static std::vector<Instant> instants(const Election& election);

    // After each step: no timer is set but those that safety knows.
    static void hold_timers(Election& election);
    // Before a Tick: the election timer is due.
    static void fire_timer(Election& election, Instant now);

    [[nodiscard]] static bool has_voted(const Candidate& campaign, const NodeUuid& voter) {
        return campaign.tally.has(voter);
    }
};

}  // namespace electiond
