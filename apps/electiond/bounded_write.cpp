// Writes to descriptors that other processes share and that may have no reader.
#include "bounded_write.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

namespace electiond {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLimit{1000};

bool has_room(int descriptor, int wait_ms) noexcept {
    pollfd watched{descriptor, POLLOUT, 0};
    return ::poll(&watched, 1, wait_ms) > 0;  // an error counts, too: write(2) then returns it
}

[[noreturn]] void end_with_a_line() noexcept {
    std::string text = "electiond: uncaught exception";
    try {
        if (std::current_exception()) throw;
    } catch (const std::exception& error) {
        text += std::string(": ") + error.what();
    } catch (...) {
        text += " of an unknown type";
    }
    write_within(STDERR_FILENO, text + "; this is a bug, please report it\n", kLimit);
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
}

}  // namespace

ssize_t write_some(int descriptor, std::string_view text) noexcept {
    if (descriptor < 0) {  // poll(2) ignores negative descriptors
        errno = EBADF;
        return -1;
    }
    if (!has_room(descriptor, 0)) {
        errno = EAGAIN;
        return -1;
    }
    const auto size = std::min<std::size_t>(text.size(), PIPE_BUF);
    const auto sent = ::send(descriptor, text.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0 || errno != ENOTSOCK) return sent;
    return ::write(descriptor, text.data(), size);
}

bool write_within(int descriptor, std::string_view text, std::chrono::milliseconds limit) noexcept {
    const auto end = Clock::now() + limit;
    while (!text.empty()) {
        const auto written = write_some(descriptor, text);
        if (written > 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (written < 0 && errno != EAGAIN && errno != EINTR) {
            return false;
        } else {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
            if (left.count() <= 0) return false;
            has_room(descriptor, static_cast<int>(left.count()));
        }
    }
    return true;
}

BoundedErrors::BoundedErrors()
    : cerr_before_(std::cerr.rdbuf(this)), clog_before_(std::clog.rdbuf(this)) {}

BoundedErrors::~BoundedErrors() {
    std::cerr.rdbuf(cerr_before_);
    std::clog.rdbuf(clog_before_);
}

// Text that could not be written counts as written: otherwise the stream would fail and write
// nothing further.
std::streamsize BoundedErrors::xsputn(const char* text, std::streamsize size) {
    const auto limit = stalled_ ? std::chrono::milliseconds{0} : kLimit;
    stalled_ =
        !write_within(STDERR_FILENO, std::string_view(text, static_cast<std::size_t>(size)), limit);
    return size;
}

BoundedErrors::int_type BoundedErrors::overflow(int_type character) {
    if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(0);
    const char text = traits_type::to_char_type(character);
    xsputn(&text, 1);
    return character;
}

void bound_terminate() noexcept { std::set_terminate(end_with_a_line); }

}  // namespace electiond
