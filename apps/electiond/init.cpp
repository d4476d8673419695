// electiond as PID 1 of a container.
#include "init.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>

#include <electiond/error.h>

#include "bounded_write.h"
#include "complain.h"
#include "signals.h"

namespace electiond {
namespace {

constexpr std::chrono::milliseconds kLineLimit{300};
constexpr int kBySignal = 128;  // as in shells: 128 + the signal

// The service manager gives its watchdog to PID 1. The daemon sends the keep-alive messages, so the
// variable must name the daemon.
void take_over_watchdog() {
    const char* meant = std::getenv("WATCHDOG_PID");
    if (meant == nullptr || std::strcmp(meant, "1") != 0) return;
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
}

// Reaps all children that have ended. Returns the status of the daemon if it is one of them, else
// nullopt.
std::optional<int> reap(pid_t daemon) {
    std::optional<int> ended;
    int status = 0;
    for (pid_t child = 0; (child = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        if (child == daemon) ended = status;
    }
    return ended;
}

// Returns the exit code of the container. Prints the signal if one ended the daemon, because no
// other process can report it.
int exit_code_of(int status) {
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    const int signal = WTERMSIG(status);
    write_within(STDERR_FILENO,
                 "electiond: the daemon was ended by the signal " + signal_name(signal) +
                     ", so the container ends; if it led, the others elect a leader after "
                     "election_timeout\n",
                 kLineLimit);
    return kBySignal + signal;
}

int serve_as_init(pid_t daemon) {
    sigset_t all;
    sigfillset(&all);
    for (;;) {
        siginfo_t info{};
        const int signal = ::sigwaitinfo(&all, &info);
        if (signal == SIGCHLD) {
            if (const auto status = reap(daemon)) return exit_code_of(*status);
        } else if (signal > 0 && info.si_code != SI_KERNEL) {
            // The kernel sends the signals of the terminal, as for Ctrl-C, to the whole process
            // group, so the daemon gets them without PID 1.
            ::kill(daemon, signal);
        }
    }
}

}  // namespace

std::optional<int> run_as_init() {
    if (::getpid() != 1) return std::nullopt;
    // If SIGCHLD is ignored, the kernel itself reaps, and the exit code is lost.
    ::signal(SIGCHLD, SIG_DFL);
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, &before);
    const pid_t daemon = ::fork();
    if (daemon < 0) {
        complain(std::string("the daemon's process cannot be started: ") + std::strerror(errno) +
                 "; raise the container's limit of processes");
        return Error::os;
    }
    if (daemon > 0) {
        ::prctl(PR_SET_NAME, "electiond-init");  // for ps and top
        return serve_as_init(daemon);
    }
    take_over_watchdog();
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    return std::nullopt;
}

}  // namespace electiond
