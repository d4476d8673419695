// Commands that root runs on the files of another user.
#pragma once

#include <filesystem>

namespace electiond {

// If root runs this process and `folder` belongs to another user, switches permanently to that user
// and its groups, and prints that. The daemon could not use files made by root (a lock, a claim in
// the registry). For processes that have no other threads. Throws Error (os) if the user cannot be
// changed.
void act_as_owner_of(const std::filesystem::path& folder);

}  // namespace electiond
