// Compares the quorums of two configurations.
#pragma once

#include <algorithm>
#include <cstddef>

#include "election/electorate.h"

namespace electiond {

// True if a quorum of one and a quorum of the other may have no voter in common.
[[nodiscard]] inline bool may_part(const Electorate& a, const Electorate& b) {
    const auto shared = static_cast<std::size_t>(
        std::ranges::count_if(a.voters, [&](const Voter& voter) { return b.has(voter.uuid); }));
    const auto needed = [&](const Electorate& one) {
        const std::size_t own = one.voters.size() - shared;
        return one.quorum() > own ? one.quorum() - own : 0;
    };
    return needed(a) + needed(b) <= shared;
}

}  // namespace electiond
