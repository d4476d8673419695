// The node's folder, locked against a second daemon.
#include "storage/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>

#include <electiond/remedy.h>

#include "storage/unit_directory.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;

constexpr char kLock[] = "lock";
constexpr std::string_view kUnused = "holds no node";

std::string in_words(int error) { return std::generic_category().message(error); }

bool settings_are_wrong(int error) {
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == EPERM ||
           error == ELOOP;
}

std::string remedy(const fs::path& folder, int error) {
    if (error == EROFS || settings_are_wrong(error)) {
        if (auto of_unit = unit_directory_remedy(folder, error); !of_unit.empty()) return of_unit;
    }
    if (settings_are_wrong(error)) {
        return "correct node.data_dir, or owner and mode of the directory and its files";
    }
    if (error != EROFS) return "repair the disk, or set node.data_dir to another one";
    std::error_code ignored;
    const auto there = fs::exists(folder, ignored) ? folder : folder.parent_path();
    return "set node.data_dir to another one; or " + read_only_remedy(there.string());
}

[[noreturn]] void cannot(const fs::path& folder, const std::string& what, int error) {
    throw Error(folder.string() + ": the data directory " + what + ": " + in_words(error) + "; " +
                    remedy(folder, error),
                settings_are_wrong(error) ? Error::config : Error::disk);
}

bool same_file(const struct stat& one, const struct stat& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

fs::path without_slash(const fs::path& folder) {
    return folder.has_filename() ? folder : folder.parent_path();
}

// A new folder, or one made before a crash, is durable only when its parent is synced: a record in
// it must be before a message tells of it. If we may not open the parent, we have not made the
// folder.
void sync_parent(const fs::path& folder, int directory) {
    const io::Descriptor parent(::openat(directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (parent.open() && ::fsync(parent.get()) != 0 && errno != EINVAL && errno != EROFS) {
        cannot(folder, "cannot be synced to disk", errno);
    }
}

void refuse_if_everybody_may_write(const fs::path& folder, mode_t mode) {
    if ((mode & S_IWOTH) == 0) return;
    throw Error(folder.string() +
                ": everybody may write to the data directory, and so could forge votes; chmod 700 "
                "it");
}

io::Descriptor open_folder(const fs::path& folder) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        cannot(folder, "cannot be created", errno);
    }
    io::Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.open()) cannot(folder, "cannot be opened", errno);
    struct stat found {};
    if (::fstat(directory.get(), &found) != 0) cannot(folder, "cannot be examined", errno);
    const auto self = ::geteuid();
    if (self != 0 && found.st_uid != self && found.st_uid != 0) {
        throw Error(folder.string() + ": the data directory belongs to uid " +
                    std::to_string(found.st_uid) + ", but electiond runs as uid " +
                    std::to_string(self) + "; run it as its owner, or chown the directory");
    }
    refuse_if_everybody_may_write(folder, found.st_mode);
    return directory;
}

}  // namespace

std::string check_access(const fs::path& folder) {
    struct stat found {};
    if (::stat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) return {};
    refuse_if_everybody_may_write(folder, found.st_mode);
    const bool group_writes = (found.st_mode & S_IWGRP) != 0;
    if (!group_writes && (found.st_mode & S_IRWXO) == 0) return {};
    std::array<char, 8> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", static_cast<unsigned>(found.st_mode & 07777U));
    return "node.data_dir (" + folder.string() + ") is open to others (mode " + mode.data() +
           "): " +
           (group_writes ? "its group may replace the files in it, and so could forge votes"
                         : "every user of this machine may list or enter it, though not read "
                           "its files") +
           "; chmod 700 it (under systemd: StateDirectoryMode=0700)";
}

DataDir::DataDir(const fs::path& folder)
    : folder_(without_slash(folder)), directory_(open_folder(folder_)) {
    constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    lock_ = io::Descriptor(::openat(directory_.get(), kLock, kFlags, 0600));
    if (!lock_.open()) cannot(folder_, "cannot be locked", errno);
    const bool mine = ::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0;
    const int reason = errno;
    if (!mine && reason != EWOULDBLOCK) cannot(folder_, "cannot be locked", reason);

    std::array<char, 64> buffer{};  // ends in a zero
    if (::pread(lock_.get(), buffer.data(), buffer.size() - 1, 0) < 0) {
        cannot(folder_, "has a lock file that cannot be read", errno);
    }
    if (!mine) {
        int holder = 0;
        const bool known = std::sscanf(buffer.data(), "%d", &holder) == 1;
        throw Error(folder_.string() + ": the data directory is in use by another electiond" +
                        (known ? ", pid " + std::to_string(holder) : std::string()) +
                        "; stop that one, or give this node its own data directory",
                    Error::data);
    }
    used_ = std::string_view(buffer.data()).find(kUsed) != std::string_view::npos;
    write_lock_file();
}

// The folder above comes last but one: on many file systems it was synced together with this one,
// when the record was stored.
void DataDir::mark_used() {
    sync_parent(folder_, directory_.get());
    used_ = true;
    write_lock_file();
    if (::fdatasync(lock_.get()) != 0) cannot(folder_, "cannot be synced to disk", errno);
}

std::string DataDir::check_identity() const {
    struct stat ours {};
    struct stat found {};
    if (::fstat(directory_.get(), &ours) != 0) return unclear(errno);
    if (::stat(folder_.c_str(), &found) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            lost("the data directory was removed or moved away");
        }
        return unclear(errno);
    }
    if (!same_file(ours, found)) lost("the data directory was replaced by another");
    return check_identity(lock_.get(), kLock);
}

std::string DataDir::check_identity(int file, const char* name) const {
    struct stat ours {};
    struct stat found {};
    if (::fstat(file, &ours) != 0) return unclear(errno);
    const std::string what = "the file " + std::string(name) + " of the data directory was ";
    if (::fstatat(directory_.get(), name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) lost(what + (ours.st_nlink == 0 ? "removed" : "moved away"));
        return unclear(errno);
    }
    if (!same_file(ours, found)) lost(what + "replaced by another");
    return "";
}

// A parent whose mode or owner was changed, or a disk that does not respond: the open files still
// work, so the node goes on.
std::string DataDir::unclear(int error) const {
    return folder_.string() +
           ": cannot see whether the data directory is still there: " + in_words(error) +
           "; the node continues, but its next start will fail: correct owner and mode of the "
           "directory, of its files and of the directories above";
}

void DataDir::lost(const std::string& what) const {
    throw Error(folder_.string() + ": " + what +
                    " while electiond ran; the promises and votes of this node are lost for its "
                    "next start. Empty the whole data directory and start it again: it comes back "
                    "as a new member",
                Error::disk);
}

// Overwrites it in place, always with the same length, so that a full disk loses nothing.
void DataDir::write_lock_file() {
    std::array<char, 40> text{};
    const auto size = static_cast<std::size_t>(
        std::snprintf(text.data(), text.size(), "%-10d %-16s\n", static_cast<int>(::getpid()),
                      (used_ ? kUsed : kUnused).data()));
    const auto written = ::pwrite(lock_.get(), text.data(), size, 0);
    if (written != static_cast<ssize_t>(size)) {
        cannot(folder_, "has a lock file that cannot be written", written < 0 ? errno : ENOSPC);
    }
}

}  // namespace electiond
