// Names of users and groups, and the groups of this process.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace electiond::io {

// The name in the user database; nullopt if the number has none. Blocks for the database, which may
// be a directory service. Any thread.
[[nodiscard]] std::optional<std::string> user_name(uid_t user);
[[nodiscard]] std::optional<std::string> group_name(gid_t group);

// Whether this is the effective group or one of the supplementary groups. Any thread.
[[nodiscard]] bool is_own_group(gid_t group);

}  // namespace electiond::io
