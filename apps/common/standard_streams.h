// Makes sure that descriptors 0, 1 and 2 are open before anything else is opened.
#pragma once

#include <fcntl.h>
#include <unistd.h>

namespace electiond {

// If one of them is closed when the program starts, the next file that is opened gets its number:
// log lines would go into the state file, answers into a socket. Call this first in main, before
// any other thread. A descriptor that cannot be opened stays closed, since there is no place to
// report that.
inline void open_missing_streams() noexcept {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
        if (::fcntl(stream, F_GETFD) != -1) continue;
        // The lowest free number is `stream` itself, since all below it are open.
        if (::open("/dev/null", O_RDWR) != stream) return;
    }
}

}  // namespace electiond
