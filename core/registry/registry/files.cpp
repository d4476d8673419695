// Files that no crash leaves half written, by POSIX calls: std streams know neither fsync nor link.
#include "registry/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <random>
#include <system_error>

#include <electiond/error.h>
#include <electiond/remedy.h>

namespace electiond::registry {
namespace {

namespace fs = std::filesystem;

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::size_t kSuffixDigits = 16;

// A path without a slash is relative to the working directory.
fs::path folder_of(const fs::path& file) {
    return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

[[noreturn]] void fail(const std::string& action, const fs::path& file, int error) {
    const auto folder = folder_of(file);
    std::error_code ignored;
    if (error == ENOENT && !fs::is_directory(folder, ignored)) {
        throw Error("the directory " + folder.string() + " of " + file.string() +
                    " does not exist; create it, or correct the path of the registry");
    }
    std::string remedy = "; check that disk and file system are healthy";
    if (error == EROFS) {
        remedy = "; " + read_only_remedy(folder.string());
    } else if (error == EACCES || error == EPERM) {
        remedy = "; let the daemon's user read and write there, or choose another path";
    } else if (error == ENOSPC || error == EDQUOT) {
        remedy = "; make room on that file system";
    }
    throw Error("cannot " + action + " " + file.string() + ": " +
                    std::generic_category().message(error) + remedy,
                Error::disk);
}

fs::path beside(const fs::path& file) { return file.string() + ".tmp."; }

// Random, not the process id: two hosts that share the folder may use the same process id.
fs::path unused_name(const fs::path& file) {
    std::random_device chance;
    std::string suffix(kSuffixDigits, '0');
    for (auto& digit : suffix) digit = kHexDigits[chance() % 16];
    return beside(file).string() + suffix;
}

void write_all(int fd, const std::string& text, const fs::path& file) {
    for (std::size_t done = 0; done < text.size();) {
        const auto count = ::write(fd, text.data() + done, text.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail("write", file, errno);
        done += static_cast<std::size_t>(count);
    }
}

// What root makes belongs to the owner of `like`: the daemons, which may have another user, must be
// able to open the lock, and to replace the file in a folder with the sticky bit. A server that
// refuses it is no fault.
void give_to_owner_of(const fs::path& like, int fd) {
    struct stat owned {};
    if (::geteuid() == 0 && ::stat(like.c_str(), &owned) == 0 && owned.st_uid != 0) {
        (void)!::fchown(fd, owned.st_uid, owned.st_gid);
    }
}

// A file beside `file` that holds all of `text`, durably; gone with this object unless kept.
class Draft {
  public:
    Draft(const fs::path& file, const std::string& text) : name_(unused_name(file)) {
        const io::Descriptor fd(
            ::open(name_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0644));
        if (fd.get() < 0) fail("create", name_, errno);
        try {
            give_to_owner_of(file, fd.get());
            write_all(fd.get(), text, name_);
            if (::fsync(fd.get()) != 0) fail("fsync", name_, errno);
        } catch (...) {
            ::unlink(name_.c_str());
            throw;
        }
    }
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;
    ~Draft() {
        if (!kept_) ::unlink(name_.c_str());
    }

    [[nodiscard]] const fs::path& name() const { return name_; }
    void rename_to(const fs::path& file) {
        if (::rename(name_.c_str(), file.c_str()) != 0) fail("replace", file, errno);
        kept_ = true;
    }

  private:
    fs::path name_;
    bool kept_ = false;
};

void require_regular(int fd, const fs::path& file) {
    struct stat facts {};
    if (::fstat(fd, &facts) != 0) fail("inspect", file, errno);
    if (!S_ISREG(facts.st_mode)) {
        throw Error(file.string() + " is not a regular file; remove it, or choose another path");
    }
}

// The lock of `registry`. Where O_CREAT is given for a file that is there, kernels that protect
// sticky folders refuse it.
io::Descriptor open_or_create(const fs::path& file, const fs::path& registry,
                              const std::stop_token& stop) {
    for (;; stop_if_requested(stop, file)) {
        // O_NONBLOCK: a pipe or a device in its place must not block us.
        io::Descriptor fd(::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        if (fd.get() >= 0) {
            require_regular(fd.get(), file);
            return fd;
        }
        if (errno != ENOENT) fail("open", file, errno);
        fd = io::Descriptor(
            ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
        if (fd.get() >= 0) {
            give_to_owner_of(registry, fd.get());
            return fd;
        }
        if (errno != EEXIST) fail("create", file, errno);
    }
}

// The lock file may have been removed, and another process may have locked a new one.
bool stands_under(int fd, const fs::path& file) {
    struct stat ours {};
    struct stat named {};
    return ::fstat(fd, &ours) == 0 && ::stat(file.c_str(), &named) == 0 &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

}  // namespace

void stop_if_requested(const std::stop_token& stop, const fs::path& file) {
    if (!stop.stop_requested()) return;
    throw Error("stopped before it was done with " + file.string(), Error::unavailable);
}

fs::path lock_path(const fs::path& file) { return file.string() + ".lock"; }

FileLock::FileLock(const fs::path& file, const std::stop_token& stop) {
    const auto lock_file = lock_path(file);
    const auto deadline = std::chrono::steady_clock::now() + kWaitLimit;
    std::mutex mutex;
    std::condition_variable_any pause;
    for (;;) {
        stop_if_requested(stop, lock_file);
        file_ = open_or_create(lock_file, file, stop);
        if (::flock(file_.get(), LOCK_EX | LOCK_NB) == 0) {
            if (stands_under(file_.get(), lock_file)) return;
            continue;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) fail("lock", lock_file, errno);
        if (std::chrono::steady_clock::now() >= deadline) {
            throw Error(lock_file.string() + " has been locked by another process for " +
                            std::to_string(kWaitLimit.count()) +
                            " ms; see who holds it with `fuser -v " + lock_file.string() +
                            "`, and end that process if it hangs",
                        Error::unavailable);
        }
        // flock cannot wait with a time limit, so this tries it again and again.
        std::unique_lock lock(mutex);
        (void)pause.wait_for(lock, stop, std::chrono::milliseconds(5), [] { return false; });
    }
}

std::optional<FileFacts> facts_of(const fs::path& file) noexcept {
    // Without FORCE_SYNC a network file system returns cached facts, for up to a minute.
    struct statx facts {};
    if (::statx(AT_FDCWD, file.c_str(), AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &facts) != 0 ||
        (facts.stx_mask & STATX_BASIC_STATS) != STATX_BASIC_STATS || !S_ISREG(facts.stx_mode)) {
        return std::nullopt;
    }
    const auto ns = [](const statx_timestamp& time) {
        return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
    };
    return FileFacts{.device = std::uint64_t{facts.stx_dev_major} << 32 | facts.stx_dev_minor,
                     .inode = facts.stx_ino,
                     .size = facts.stx_size,
                     .written_ns = ns(facts.stx_mtime),
                     .changed_ns = ns(facts.stx_ctime)};
}

std::optional<std::string> read_file(const fs::path& file, std::size_t size_max) {
    // O_NONBLOCK: opening a pipe must not wait for its other end.
    const io::Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd.get() < 0) {
        const int error = errno;
        std::error_code ignored;
        if (error == ENOENT && fs::is_directory(folder_of(file), ignored)) return std::nullopt;
        fail("open", file, error);
    }
    require_regular(fd.get(), file);
    std::string text;
    while (text.size() <= size_max) {
        char part[16384];
        const auto count =
            ::read(fd.get(), part, std::min(sizeof part, size_max + 1 - text.size()));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail("read", file, errno);
        if (count == 0) break;
        text.append(part, static_cast<std::size_t>(count));
    }
    return text;
}

fs::path real_path(const fs::path& path) {
    std::error_code failed;
    auto real = fs::weakly_canonical(path, failed);
    return failed ? path : real;
}

void replace_file(const fs::path& file, const std::string& text) {
    Draft(file, text).rename_to(file);
    sync_folder(file);
}

bool publish_file(const fs::path& file, const std::string& text) {
    const Draft draft(file, text);
    if (::link(draft.name().c_str(), file.c_str()) == 0) return true;
    const int error = errno;
    // A network file system may have done it and lost the response, so what is there now decides.
    std::error_code ignored;
    if (error == EEXIST || fs::exists(file, ignored)) return false;
    if (error == EPERM || error == EOPNOTSUPP || error == EMLINK) {
        throw Error("cannot create " + file.string() +
                    ": its file system has no hard links; put the registry on one that has");
    }
    fail("create", file, error);
}

// Hard link first, so that the file's name never vanishes while other nodes poll.
void keep_backup(const fs::path& file, const fs::path& backup) {
    ::unlink(backup.c_str());
    if (::link(file.c_str(), backup.c_str()) == 0) return;
    if (::rename(file.c_str(), backup.c_str()) != 0) fail("keep a copy of it as", backup, errno);
}

void sync_folder(const fs::path& file) {
    const auto folder = folder_of(file);
    const io::Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) fail("open the directory of", file, errno);
    if (::fsync(fd.get()) != 0) fail("fsync the directory of", file, errno);
}

void remove_leftovers(const fs::path& file, const std::stop_token& stop) {
    const auto prefix = beside(file).filename().string();
    std::error_code failed;
    for (fs::directory_iterator entry(folder_of(file), failed), end; !failed && entry != end;
         entry.increment(failed)) {
        stop_if_requested(stop, file);
        const auto name = entry->path().filename().string();
        if (name.size() == prefix.size() + kSuffixDigits && name.starts_with(prefix) &&
            name.find_first_not_of(kHexDigits, prefix.size()) == std::string::npos) {
            ::unlink(entry->path().c_str());
        }
    }
}

}  // namespace electiond::registry
