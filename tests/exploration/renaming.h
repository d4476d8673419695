// Nodes by number, and the six ways of exchanging their names.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "election/electorate.h"

namespace electiond::exploration {

inline constexpr std::size_t kNodes = 3;
using NodeIndex = std::uint8_t;          // 0 to 2
inline constexpr NodeIndex kNobody = 3;  // where a name is empty

// Node n is called to[n]; nobody stays nobody.
struct Renaming {
    std::array<NodeIndex, kNodes + 1> to{0, 1, 2, kNobody};

    [[nodiscard]] NodeIndex operator()(NodeIndex node) const { return to[node]; }
};

inline constexpr std::array<Renaming, 6> kRenamings{{
    {{0, 1, 2, kNobody}},
    {{0, 2, 1, kNobody}},
    {{1, 0, 2, kNobody}},
    {{1, 2, 0, kNobody}},
    {{2, 0, 1, kNobody}},
    {{2, 1, 0, kNobody}},
}};

// The uuids (and ids) are "a", "b", "c": short, so that copies cost nothing.
[[nodiscard]] inline NodeIndex index_of(const NodeUuid& uuid) {
    return uuid.empty() ? kNobody : static_cast<NodeIndex>(uuid.value.front() - 'a');
}
[[nodiscard]] inline NodeUuid uuid_of(NodeIndex node) {
    return NodeUuid(std::string(1, static_cast<char>('a' + node)));
}
[[nodiscard]] inline NodeId id_of(NodeIndex node) { return NodeId(uuid_of(node).value); }

}  // namespace electiond::exploration
