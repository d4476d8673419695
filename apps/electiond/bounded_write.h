// Writes to descriptors that other processes share and that may have no reader.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <iosfwd>
#include <streambuf>
#include <string_view>

namespace electiond {

// Writes as much of `text` as fits now, at most PIPE_BUF bytes at once, and returns how much; -1
// with errno EAGAIN if nothing fits. O_NONBLOCK is not needed and never set: it would apply to all
// processes that share the descriptor. A file is always written at once. It can block in one case
// only: another process fills the same pipe between our poll and our write. Any thread.
[[nodiscard]] ssize_t write_some(int descriptor, std::string_view text) noexcept;

// Writes all of `text`, or what fits within `limit`, or up to the first error. True if it was all.
// Any thread.
bool write_within(int descriptor, std::string_view text, std::chrono::milliseconds limit) noexcept;

// While it lives, std::cerr and std::clog write to standard error by write_within: the first text
// that nobody reads is dropped after a second, later ones at once, until something is read again.
// So a start with a full pipe as standard error ends with its own exit code, and a library or
// plugin that prints by these streams blocks no thread for longer. One object at a time; construct
// it before other threads.
class BoundedErrors : private std::streambuf {
  public:
    BoundedErrors();
    BoundedErrors(const BoundedErrors&) = delete;
    BoundedErrors& operator=(const BoundedErrors&) = delete;
    ~BoundedErrors() override;

  private:
    std::streamsize xsputn(const char* text, std::streamsize size) override;
    int_type overflow(int_type character) override;

    std::streambuf* const cerr_before_;
    std::streambuf* const clog_before_;
    std::atomic<bool> stalled_ = false;
};

// Makes an uncaught exception end the process with one line and SIGABRT, as before, but without
// waiting until the line is read.
void bound_terminate() noexcept;

}  // namespace electiond
