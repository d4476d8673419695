// The role of a node in its cluster: voter, standby, observer, joining, removed.
#pragma once

#include <optional>
#include <string_view>

namespace electiond {

enum class MemberRole {
    voter,
    standby,   // ready to vote, waits for a free place (M3)
    observer,  // follows the leader, has no vote
    joining,   // not a member yet
    removed,   // for good (§6.4)
};

// voter, standby, observer, joining, removed, and the inverse; nullopt for any other text.
[[nodiscard]] std::string_view to_string(MemberRole role);
[[nodiscard]] std::optional<MemberRole> parse_member_role(std::string_view text);

}  // namespace electiond
