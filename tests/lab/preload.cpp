// Stands between a node and its system (LD_PRELOAD): a disk that fails, a wall clock that is set, a
// file system or a name service that does not answer.
// Linux is called directly: the definitions behind ours may be a sanitizer's, not yet awake.
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "control.h"

namespace {

using electiond::lab::Control;

Control unused{};
Control* control = &unused;

__attribute__((constructor)) void find_the_page() {
    const char* file = std::getenv(electiond::lab::kControl);
    const int page = file != nullptr ? ::open(file, O_RDWR | O_CLOEXEC) : -1;
    if (page < 0) return;
    void* found = ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
    ::close(page);
    if (found != MAP_FAILED) control = static_cast<Control*>(found);
}

bool is_state(int file) {
    std::array<char, 32> link{};
    std::array<char, 512> name{};
    std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", file);
    const auto size = ::readlink(link.data(), name.data(), name.size());
    const std::string_view path(name.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    return path.ends_with("/state") || path.ends_with("/state.new");
}

template <class... Arguments>
long unless(const std::atomic<bool>& fails, int file, long call, Arguments... arguments) {
    if (fails && is_state(file)) {
        errno = EIO;
        return -1;
    }
    return ::syscall(call, file, arguments...);
}

// Like a call without an answer: it never returns, whatever signal comes.
void wait_while(const std::atomic<bool>& hangs) {
    if (!hangs) return;
    ++control->waiting;
    while (hangs) ::poll(nullptr, 0, 10);
    --control->waiting;
}

void reach(const char* path) {
    if (std::string_view(path).find("/registry/") != std::string_view::npos) {
        wait_while(control->registry_hangs);
    }
}

int open_file(const char* path, int flags, mode_t mode) {
    reach(path);
    return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

// A slow disk.
int sync(int file, long call) {
    const auto ms = control->sync_takes_ms.load();
    if (ms > 0 && is_state(file)) {
        timespec left{.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1'000'000};
        while (::syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &left, &left) != 0 &&
               errno == EINTR) {
        }
    }
    return static_cast<int>(unless(control->sync_fails, file, call));
}

std::int64_t wall_ns() {
    timespec now{};
    ::syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
    return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec + control->wall_offset_ns;
}

}  // namespace

// The mode is there only if a file may be made.
#define DEFINE_OPEN(name)                                                      \
    extern "C" int name(const char* path, int flags, ...) {                    \
        va_list rest;                                                          \
        va_start(rest, flags);                                                 \
        const bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) != 0; \
        const mode_t mode = makes ? va_arg(rest, mode_t) : 0;                  \
        va_end(rest);                                                          \
        return open_file(path, flags, mode);                                   \
    }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

extern "C" int statx(int at, const char* path, int flags, unsigned mask,
                     struct statx* facts) noexcept {
    reach(path);
    return static_cast<int>(::syscall(SYS_statx, at, path, flags, mask, facts));
}

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** found) {
    const bool numeric = hints != nullptr && (hints->ai_flags & AI_NUMERICHOST) != 0;
    if (node != nullptr && !numeric) wait_while(control->names_hang);
    static const auto next =
        reinterpret_cast<decltype(&::getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return next(node, service, hints, found);
}

extern "C" int fsync(int file) { return sync(file, SYS_fsync); }

extern "C" int fdatasync(int file) { return sync(file, SYS_fdatasync); }

extern "C" ssize_t pwrite(int file, const void* data, size_t size, off_t at) {
    return unless(control->write_fails, file, SYS_pwrite64, data, size, at);
}

extern "C" ssize_t pwrite64(int file, const void* data, size_t size, off_t at) {
    return pwrite(file, data, size, at);
}

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
    if (clock != CLOCK_REALTIME) {
        return static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
    }
    const auto now = wall_ns();
    *time = {.tv_sec = now / 1'000'000'000, .tv_nsec = now % 1'000'000'000};
    return 0;
}

extern "C" int gettimeofday(timeval* time, void*) noexcept {
    const auto now = wall_ns();
    *time = {.tv_sec = now / 1'000'000'000, .tv_usec = now % 1'000'000'000 / 1000};
    return 0;
}

extern "C" time_t time(time_t* time) noexcept {
    const auto now = wall_ns() / 1'000'000'000;
    if (time != nullptr) *time = now;
    return now;
}
