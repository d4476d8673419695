// The commands that correct owner and mode of a file with a secret, as clauses of a message.
#include <io/permission_remedy.h>

#include <fcntl.h>
#include <io/accounts.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>

namespace electiond::io {
namespace {

namespace fs = std::filesystem;

// The number that the kernel shows for every owner and group that a user namespace (PrivateUsers=)
// does not know: two files with it may have different owners.
constexpr gid_t kOverflowId = 65534;

std::string shown_user(uid_t user) { return user_name(user).value_or(std::to_string(user)); }

std::string shown_group(gid_t group) { return group_name(group).value_or(std::to_string(group)); }

bool is_our_group(gid_t group) {
    return group == ::getegid() || (group != kOverflowId && is_own_group(group));
}

// As a word of a shell command.
std::string shell_word(const std::string& text) {
    const bool plain = std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("/._-+=@%:,").find(c) != std::string_view::npos;
    });
    if (plain && !text.empty()) return text;
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

std::string facts_of(const struct stat& found) {
    std::array<char, 8> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", static_cast<unsigned>(found.st_mode & 07777U));
    return "belongs to " + shown_user(found.st_uid) + ", group " + shown_group(found.st_gid) +
           ", mode " + mode.data();
}

// "chgrp GROUP PATH && " if we are not in the group of the file.
std::string to_our_group(const struct stat& found, const std::string& word) {
    if (is_our_group(found.st_gid)) return "";
    return "chgrp " + shell_word(shown_group(::getegid())) + " " + word + " && ";
}

// `right` is S_IROTH or S_IXOTH: whether the mode alone gives it to the effective user.
bool mode_allows(const struct stat& found, mode_t right) {
    if (found.st_uid == ::geteuid()) return (found.st_mode & (right << 6U)) != 0;
    if (is_our_group(found.st_gid)) return (found.st_mode & (right << 3U)) != 0;
    return (found.st_mode & right) != 0;
}

std::string denied_in_spite_of_mode(const std::string& word) {
    return "; its mode allows it, so an access list (getfacl " + word +
           ") or a security module (AppArmor, SELinux) denies it";
}

// The first directory on the way to `file` that the effective user may not enter; empty if none.
fs::path closed_directory(const fs::path& file) {
    std::error_code failed;
    const auto parent = fs::absolute(file, failed).parent_path();
    fs::path way;
    for (const auto& part : parent) {
        way /= part;
        if (::faccessat(AT_FDCWD, way.c_str(), X_OK, AT_EACCESS) != 0) {
            return errno == EACCES ? way : fs::path();
        }
    }
    return {};
}

std::string directory_remedy(const fs::path& folder) {
    struct stat found {};
    const auto word = shell_word(folder.string());
    const auto subject = "the directory " + folder.string() + " ";
    if (::stat(folder.c_str(), &found) != 0) return subject + "cannot be entered; correct its mode";
    const auto facts = subject + facts_of(found);
    if (mode_allows(found, S_IXOTH)) return facts + denied_in_spite_of_mode(word);
    const auto begin = facts + "; to let user " + shown_user(::geteuid()) + " enter it: ";
    if (found.st_uid == ::geteuid()) return begin + "chmod u+x " + word;
    return begin + to_our_group(found, word) + "chmod g+x " + word;
}

}  // namespace

std::string read_permission_remedy(const fs::path& file) {
    if (const auto closed = closed_directory(file); !closed.empty()) {
        return directory_remedy(closed);
    }
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) return "correct its owner and mode";
    const auto word = shell_word(file.string());
    const auto facts = "it " + facts_of(found);
    if (mode_allows(found, S_IROTH)) return facts + denied_in_spite_of_mode(word);
    const auto begin = facts + "; to let user " + shown_user(::geteuid()) + " read it: ";
    if (found.st_uid == ::geteuid()) return begin + "chmod 0600 " + word;
    return begin + to_our_group(found, word) + "chmod 0640 " + word;
}

std::string private_mode_remedy(const fs::path& file) {
    struct stat found {};
    const auto word = shell_word(file.string());
    if (::stat(file.c_str(), &found) != 0) return "chmod 0600 " + word;
    const bool root = ::geteuid() == 0;
    if (found.st_uid != ::geteuid()) {  // root reads it anyway, and its group may be the right one
        return (root ? "" : to_our_group(found, word)) + "chmod 0640 " + word;
    }
    // Root may check what another user is to read: the units run electiond as electiond.
    return "chmod 0600 " + word +
           (root ? ", or, if a user other than root runs this program, chgrp it to the group of "
                   "that user and chmod it to 0640"
                 : "");
}

}  // namespace electiond::io
