// Intercepts the disk operations of a plugin, by definitions that the loader finds before those of
// the C library.
#include "discovery/disk_faults.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <utility>

namespace electiond::bench::disk {
namespace {

std::atomic<int> countdown{0};
std::atomic<bool> fsync_fails{false};
std::mutex steps_mutex;
std::vector<std::string> steps;

void moment() {
    if (countdown.load() > 0 && countdown.fetch_sub(1) == 1) ::kill(::getpid(), SIGKILL);
}

template <class Call>
int step(const char* name, Call call) {
    {
        const std::scoped_lock lock(steps_mutex);
        steps.emplace_back(name);
    }
    moment();
    const long result = call();
    const int error = errno;
    moment();
    errno = error;
    return static_cast<int>(result);
}

}  // namespace

std::vector<std::string> take_steps() {
    const std::scoped_lock lock(steps_mutex);
    return std::exchange(steps, {});
}

void die_at(int from_now) { countdown = from_now; }

void fail_next_fsync() { fsync_fails = true; }

}  // namespace electiond::bench::disk

using electiond::bench::disk::step;

extern "C" int fsync(int fd) {
    struct stat facts {};
    const bool folder = ::fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode);
    return step(folder ? "fsync folder" : "fsync file", [&]() -> long {
        if (electiond::bench::disk::fsync_fails.exchange(false)) {
            errno = EIO;
            return -1;
        }
        return ::syscall(SYS_fsync, fd);
    });
}

extern "C" int link(const char* from, const char* to) noexcept {
    return step("link", [&] { return ::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0); });
}

extern "C" int rename(const char* from, const char* to) noexcept {
    return step("rename",
                [&] { return ::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0); });
}

extern "C" int unlink(const char* name) noexcept {
    return step("unlink", [&] { return ::syscall(SYS_unlinkat, AT_FDCWD, name, 0); });
}
