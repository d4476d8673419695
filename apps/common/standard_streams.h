// Makes sure that descriptors 0, 1 and 2 are taken before anything else is opened.
#pragma once

#include <fcntl.h>
#include <unistd.h>

namespace electiond {

// Who starts a program with one of them closed gives its number to the next file that is opened:
// log lines would go into the state file, answers into a socket. First thing in main; no thread may
// run yet. What cannot be opened stays closed: there is nobody to tell.
inline void open_missing_streams() noexcept {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
        if (::fcntl(stream, F_GETFD) != -1) continue;
        // The lowest free number is `stream` itself, since all below it are open.
        if (::open("/dev/null", O_RDWR) != stream) return;
    }
}

}  // namespace electiond
