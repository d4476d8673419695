// Faults that the operator can correct (Error), and bugs of the program (ENSURE).
#pragma once

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>

#define ELECTIOND_EXPORT __attribute__((visibility("default")))

namespace electiond {

// A fault that only the operator can correct: a setting, a plugin, a port, a file. what() is a
// whole sentence that names the place (file:line:column or path), the key, the value found, and the
// remedy. If the daemon ends by it, code() is its exit code (sysexits). A plugin may throw it from
// its factory, and from every call that is not marked noexcept.
class ELECTIOND_EXPORT Error : public std::runtime_error {
  public:
    enum Code : int { refused = 1, data = 65, unavailable = 69, os = 71, disk = 74, config = 78 };

    explicit Error(const std::string& sentence, Code code = config)
        : std::runtime_error(sentence), code_(code) {}

    [[nodiscard]] Code code() const noexcept { return code_; }

  private:
    Code code_;
};

// Only ENSURE calls it: writes the broken invariant to standard error, and ends the process with
// exit code 70. No destructor runs: a process whose state is broken must not write that state. It
// does not wait for a reader: if nothing can be written now, it writes no line, and if the write
// blocks all the same, the process ends after a second.
[[noreturn]] inline void broken_invariant(const char* condition, const char* file,
                                          int line) noexcept {
    constexpr int kBroken = 70;
    char text[PIPE_BUF];  // poll(2) guarantees room for this many bytes
    const int length =
        std::snprintf(text, sizeof text,
                      "electiond: broken invariant: %s (%s:%d); this is a bug, please report it\n",
                      condition, file, line);
    pollfd watched{STDERR_FILENO, POLLOUT, 0};
    if (length > 0 && ::poll(&watched, 1, 0) > 0) {
        sigset_t alarms;
        ::sigemptyset(&alarms);
        ::sigaddset(&alarms, SIGALRM);
        ::signal(SIGPIPE, SIG_IGN);
        ::signal(SIGALRM, [](int) { std::_Exit(kBroken); });
        ::pthread_sigmask(SIG_UNBLOCK, &alarms, nullptr);
        ::alarm(1);
        const auto size = static_cast<std::size_t>(length);
        (void)!::write(STDERR_FILENO, text, size < sizeof text ? size : sizeof text - 1);
    }
    std::_Exit(kBroken);
}

}  // namespace electiond

// Checks a condition that only a bug can make false, in release builds, too.
#define ENSURE(cond)                                                           \
    do {                                                                       \
        if (!(cond)) ::electiond::broken_invariant(#cond, __FILE__, __LINE__); \
    } while (false)
