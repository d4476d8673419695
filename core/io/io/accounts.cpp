// Names of users and groups, and the groups of this process.
#include <grp.h>
#include <io/accounts.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace electiond::io {
namespace {

constexpr std::size_t kEntrySize = 16 * 1024;  // names, paths and members

}  // namespace

std::optional<std::string> user_name(uid_t user) {
    std::vector<char> buffer(kEntrySize);
    passwd entry{};
    passwd* found = nullptr;
    (void)::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
    return found != nullptr ? std::optional<std::string>(found->pw_name) : std::nullopt;
}

std::optional<std::string> group_name(gid_t id) {
    std::vector<char> buffer(kEntrySize);
    group entry{};
    group* found = nullptr;
    (void)::getgrgid_r(id, &entry, buffer.data(), buffer.size(), &found);
    return found != nullptr ? std::optional<std::string>(found->gr_name) : std::nullopt;
}

bool is_own_group(gid_t group) {
    if (group == ::getegid()) return true;
    std::vector<gid_t> own(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
    own.resize(static_cast<std::size_t>(
        std::max(0, ::getgroups(static_cast<int>(own.size()), own.data()))));
    return std::ranges::find(own, group) != own.end();
}

}  // namespace electiond::io
