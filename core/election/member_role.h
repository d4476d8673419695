// What a node is in its cluster.
#pragma once

#include <optional>
#include <string_view>

namespace electiond {

enum class MemberRole {
    voter,
    standby,   // would be a voter if there were room (M3)
    observer,  // is told who leads, has no vote
    joining,   // has not been taken in yet
    removed,   // for good (§6.4)
};

// voter, standby, observer, joining, removed, and the inverse; nothing where the text is none.
[[nodiscard]] std::string_view to_string(MemberRole role);
[[nodiscard]] std::optional<MemberRole> parse_member_role(std::string_view text);

}  // namespace electiond
