// The file of --pidfile.
#include "pid_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <electiond/error.h>
#include <electiond/remedy.h>

namespace electiond {
namespace {

namespace fs = std::filesystem;

const std::string kRemedy =
    "; create its directory, correct its owner or mode, or name another file";

[[noreturn]] void cannot(const fs::path& file, const std::string& what, int error) {
    const auto remedy =
        error == EROFS ? "; " + read_only_remedy(file.parent_path().string()) : kRemedy;
    throw Error("--pidfile: " + file.string() + " " + what + ": " +
                    std::generic_category().message(error) + remedy,
                Error::os);
}

[[noreturn]] void leave_alone(const fs::path& file, const std::string& what) {
    throw Error("--pidfile: " + file.string() + " " + what +
                ", so it is left as it is; name another file, or remove this one");
}

io::Descriptor open_to_read(const fs::path& file) {
    return io::Descriptor(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

// The digits that an open file holds, without the line end; "" for an empty file, nullopt if it
// holds anything else.
std::optional<std::string> number_in(const io::Descriptor& file) {
    std::array<char, 32> buffer{};
    const auto size = ::pread(file.get(), buffer.data(), buffer.size(), 0);
    if (size < 0) return std::nullopt;
    std::string text(buffer.data(), static_cast<std::size_t>(size));
    text.erase(text.find_last_not_of(" \r\n") + 1);
    if (text.size() > 10 || text.find_first_not_of("0123456789") != std::string::npos) {
        return std::nullopt;
    }
    return text;
}

}  // namespace

void check_pid_file(const fs::path& file) {
    struct stat found {};
    if (::lstat(file.c_str(), &found) == 0) {
        if (!S_ISREG(found.st_mode)) leave_alone(file, "is not a regular file");
        const auto existing = open_to_read(file);
        if (!existing.open()) cannot(file, "cannot be read", errno);
        if (!number_in(existing)) leave_alone(file, "holds something other than a process number");
    } else if (errno != ENOENT) {
        cannot(file, "cannot be written", errno);
    }
    const auto folder = file.parent_path();
    if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        cannot(file, "cannot be written", errno);
    }
}

PidFile::PidFile(fs::path file) : file_(std::move(file)) { check_pid_file(file_); }

void PidFile::write() {
    const auto fresh = fs::path(file_).concat("." + std::to_string(::getpid()));
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    ::unlink(fresh.c_str());  // left by a process with our number that was killed in between
    held_ = io::Descriptor(::open(fresh.c_str(), kFlags, 0644));
    if (!held_.open()) cannot(file_, "cannot be written", errno);
    try {
        put_in_place(fresh);
    } catch (const Error&) {
        ::unlink(fresh.c_str());
        throw;
    }
}

void PidFile::put_in_place(const fs::path& fresh) {
    // The lock belongs to the file; without file locks only the refusal below is lost.
    (void)::flock(held_.get(), LOCK_EX | LOCK_NB);
    const auto text = std::to_string(::getpid()) + "\n";
    if (::write(held_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        cannot(file_, "cannot be written", errno != 0 ? errno : ENOSPC);
    }
    if (const auto existing = open_to_read(file_); existing.open()) {
        if (::flock(existing.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
            throw Error("--pidfile: " + file_.string() + " belongs to a running electiond, pid " +
                            number_in(existing).value_or("unknown") +
                            "; give each node a file of its own",
                        Error::os);
        }
    }
    if (::rename(fresh.c_str(), file_.c_str()) != 0) cannot(file_, "cannot be written", errno);
}

PidFile::~PidFile() {
    const auto now_there = open_to_read(file_);
    if (now_there.open() && number_in(now_there) == std::to_string(::getpid())) {
        ::unlink(file_.c_str());
    }
}

}  // namespace electiond
