// Commands that root runs on the files of another user.
#include "owner.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include <electiond/error.h>

namespace electiond {
namespace {

constexpr std::size_t kEntrySize = 16 * 1024;  // of the user database: names and paths

struct User {
    uid_t uid = 0;
    gid_t gid = 0;
    std::string name{};  // empty: the user database does not know it
};

User owner_of(const struct stat& folder) {
    User user{.uid = folder.st_uid, .gid = folder.st_gid};
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> buffer(kEntrySize);
    (void)::getpwuid_r(user.uid, &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) return user;
    user.gid = found->pw_gid;
    user.name = found->pw_name;
    return user;
}

bool become(const User& user) {
    const int groups =
        user.name.empty() ? ::setgroups(1, &user.gid) : ::initgroups(user.name.c_str(), user.gid);
    return groups == 0 && ::setresgid(user.gid, user.gid, user.gid) == 0 &&
           ::setresuid(user.uid, user.uid, user.uid) == 0;
}

}  // namespace

void act_as_owner_of(const std::filesystem::path& folder) {
    struct stat found {};
    if (::geteuid() != 0 || ::stat(folder.c_str(), &found) != 0 || found.st_uid == 0) return;
    const auto user = owner_of(found);
    const auto who = user.name.empty() ? "uid " + std::to_string(user.uid) : "user " + user.name;
    if (!become(user)) {
        throw Error(folder.string() + " belongs to " + who +
                        ", and root cannot switch to that user: " +
                        std::generic_category().message(errno) + "; run the command as " + who,
                    Error::os);
    }
    std::cout << "Continues as " << who << ", who owns " << folder.string() << ".\n";
}

}  // namespace electiond
