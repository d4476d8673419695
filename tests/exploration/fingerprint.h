// The state of an Election that decides its further actions: as a number, relative to now, under
// any renaming of the nodes.
#pragma once

#include <cstdint>
#include <vector>

#include "election/election.h"
#include "exploration/renaming.h"

namespace electiond {

// A friend of Election. It also fixes what the exploration itself chooses: when an election timer
// fires, and that no hello is sent.
struct ElectionFingerprint {
    // Two elections with the same number react in the same way to every future, except for names,
    // absolute times and texts for people. What is left out, and why that is sound:
    // docs/testing.md.
    [[nodiscard]] static std::uint64_t of(const Election& election, Instant now,
                                          const exploration::Renaming& renaming);
    [[nodiscard]] static std::uint64_t of(const Durable& record,
                                          const exploration::Renaming& renaming);
    [[nodiscard]] static std::uint64_t of(const Electorate& config,
                                          const exploration::Renaming& renaming);

    // All times at which it may behave differently than just before.
    [[nodiscard]] static std::vector<Instant> instants(const Election& election);

    // After each step: unsets all timers that do not matter for safety.
    static void hold_timers(Election& election);
    // Before a Tick: the election timer is due.
    static void fire_timer(Election& election, Instant now);

    [[nodiscard]] static bool has_voted(const Candidate& campaign, const NodeUuid& voter) {
        return campaign.tally.has(voter);
    }
};

}  // namespace electiond
