// Parses the output of a program: a JSON object on each line is a peer.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <electiond/peer.h>

namespace electiond::discovery {

inline constexpr std::size_t kPeersMax = 256;  // in one output

// Returns the peers, sorted and without duplicates, so that programs may print in any order. Lines
// with the same id and uuid are one peer with the addresses of all these lines, in their order.
// Empty lines are ignored, and the last line needs no newline. If any line is wrong, throws Error,
// because an incomplete answer would look complete. The Error's text continues "PROGRAM ":
// "printed line 3, …". Pure.
[[nodiscard]] std::vector<Peer> read_peer_lines(const std::string& output);

// The node as such a line, without a newline. Pure.
[[nodiscard]] std::string peer_line(const Peer& peer);

}  // namespace electiond::discovery
