// Is loaded before an electiond that valgrind runs: gives it process descriptors, which
// valgrind 3.19 does not know. Such a descriptor is a pipe, into which a thread writes when the
// process has ended.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <map>
#include <mutex>
#include <thread>

namespace {

std::mutex mutex;
std::map<int, pid_t> processes;  // by descriptor; an entry may be older than the descriptor

}  // namespace

extern "C" {

int pidfd_open(pid_t pid, unsigned) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return -1;
    std::thread([pid, end = ends[1]] {
        siginfo_t ended{};
        while (::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT) != 0 &&
               errno == EINTR) {
        }
        if (::write(end, "", 1) != 1) std::perror("pidfd_for_valgrind");
        ::close(end);
    }).detach();
    const std::lock_guard lock(mutex);
    processes[ends[0]] = pid;
    return ends[0];
}

int pidfd_send_signal(int descriptor, int number, siginfo_t*, unsigned) {
    const std::lock_guard lock(mutex);
    const auto found = processes.find(descriptor);
    if (found != processes.end()) return ::kill(found->second, number);
    errno = EBADF;
    return -1;
}

}  // extern "C"
