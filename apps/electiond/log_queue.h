// Where log lines wait for their writer: bounded, in the order in which they came.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include <electiond/log.h>

namespace electiond {

// A line and when it was logged.
struct TimedLine {
    std::chrono::system_clock::time_point time;
    LogLine line;
};

// Any thread; only take_until waits. Has no thread and no descriptor, so a process may fork while
// no other thread uses the queue: each of the two then has its own queue with the same lines.
class LogQueue {
  public:
    // Full at so many lines, or at so many bytes of text. A quarter of both is kept for warnings
    // and errors, so a flood of debug lines drops only debug and info lines.
    static constexpr std::size_t kLines = 4096;
    static constexpr std::size_t kBytes = std::size_t{1} << 20;

    // Queues the line, with the present time. False if it does not fit, if the queue is closed or
    // if memory is short: then the line is lost, and queued lines stay.
    [[nodiscard]] bool push(LogLine line) noexcept;

    // The oldest line, as soon as there is one; nullopt at `end`, and when the queue is closed and
    // empty.
    [[nodiscard]] std::optional<TimedLine> take_until(std::chrono::steady_clock::time_point end);

    // Closes the queue: push() returns false from now on; wakes take_until().
    void close() noexcept;
    [[nodiscard]] bool closed() const noexcept;

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<TimedLine> lines_;
    std::size_t bytes_ = 0;
    bool closed_ = false;
};

}  // namespace electiond
