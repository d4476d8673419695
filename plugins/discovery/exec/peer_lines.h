// What a program prints: a JSON object on each line names a peer.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <electiond/peer.h>

namespace electiond::discovery {

inline constexpr std::size_t kPeersMax = 256;  // in one output

// The peers, sorted, each once: lines with the same id and uuid are one peer with the addresses of
// all of them, in the order of the lines. So programs may print in any order. Empty lines count for
// nothing, and the last one needs no line end. Throws Error for an output that is wrong in any
// line: half an answer is none. Its text continues "PROGRAM ": "printed line 3, …". Pure.
[[nodiscard]] std::vector<Peer> read_peer_lines(const std::string& output);

// The node as such a line, without its line end. Pure.
[[nodiscard]] std::string peer_line(const Peer& peer);

}  // namespace electiond::discovery
