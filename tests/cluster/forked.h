// Runs a part of a test in a child process, if it ends or damages the process.
#pragma once

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>

extern "C" {  // glibc 2.36 has forgotten to say so itself
#include <sys/pidfd.h>
}

namespace electiond::cluster {

// Runs `body` in a forked child whose standard error is `errors`, then ends the child with code 0.
// Returns its exit code, or 128 + the signal that ended it; -1 if it did not end within `limit` and
// was killed. Only while the test has no other threads.
[[nodiscard]] inline int run_forked(int errors, const std::function<void()>& body,
                                    std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(errors, STDERR_FILENO);
        body();
        ::_exit(0);
    }
    const int handle = ::pidfd_open(child, 0);
    pollfd ended{handle, POLLIN, 0};
    const bool in_time = ::poll(&ended, 1, static_cast<int>(limit.count())) == 1;
    if (!in_time) ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(handle);
    if (!in_time) return -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace electiond::cluster
