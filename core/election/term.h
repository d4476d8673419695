// Terms and fencing tokens: the numbers that order everything.
#pragma once

#include <cstdint>

namespace electiond {

// A term has at most one leader. Starts at 0 ("none yet"); never decreases on one node.
using Term = std::uint64_t;

// The term of the lease under which a leader acts (protocol.md G1); 0: none.
using FencingToken = Term;

// JSON carries no larger number exactly; a message that contains one is malformed.
inline constexpr std::uint64_t kNumberMax = (std::uint64_t{1} << 53) - 1;

}  // namespace electiond
