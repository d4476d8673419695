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
// processes that share the descriptor. A file is always written at once. It can block only if
// another process fills the same pipe between our poll and our write. Any thread.
[[nodiscard]] ssize_t write_some(int descriptor, std::string_view text) noexcept;

// Writes `text` until all is written, `limit` has passed, or an error occurs. True if all was
// written. Any thread.
bool write_within(int descriptor, std::string_view text, std::chrono::milliseconds limit) noexcept;

// While it exists, std::cerr and std::clog write to standard error with write_within: if nobody
// reads, the first text is dropped after a second and later ones at once, until the reader reads
// again. So a start whose standard error is a full pipe ends with its own exit code, and a library
// or plugin that prints to these streams blocks no thread for longer. One object at a time;
// construct it before other threads.
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

// Makes an uncaught exception end the process with one line and SIGABRT, as by default, but without
// waiting for a reader of the line.
void bound_terminate() noexcept;

}  // namespace electiond
