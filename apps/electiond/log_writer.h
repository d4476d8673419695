// Takes log lines from any thread without waiting, and writes them in a thread that may wait.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include <electiond/log.h>
#include <io/descriptor.h>

#include "log_queue.h"
#include "settings/settings.h"

namespace electiond {

// Shared by LogOutput, the logs and the thread, which may be left behind in a call of the operating
// system. Any thread, unless stated otherwise.
class LogWriter {
  public:
    using Clock = std::chrono::steady_clock;

    LogWriter(LogLevel level, LogFormat format, std::string node, int descriptor);

    // Queues the line, or drops and counts it. Returns at once, never throws.
    void push(LogLine line) noexcept;
    void set_level(LogLevel level) noexcept { level_ = level; }
    // Lines lost so far: those that did not fit and those that could not be written.
    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

    // Duplicates the descriptor, and finds out whether it leads to the journal of systemd: then
    // lines become entries of it, and the format has no effect. If libsystemd cannot be loaded, the
    // journal gets lines of text with priorities. Call it once, before run().
    void open() noexcept;
    // The thread: writes what is queued until end_by() was called and nothing is left.
    void run() noexcept;

    // Closes the queue; run() returns at `end` at the latest, unwritten lines are lost. Call once.
    void end_by(Clock::time_point end) noexcept;
    // Waits until run() has returned, at most until `end`: then false.
    [[nodiscard]] bool await_end(Clock::time_point end) noexcept;

  private:
    void fall_back_to_lines() noexcept;

    // These run on the writer's thread only.
    void write_line(const TimedLine& line) noexcept;
    void report_lost() noexcept;
    [[nodiscard]] bool write(const TimedLine& line);
    [[nodiscard]] bool await_room(bool again) noexcept;
    [[nodiscard]] bool must_report() const noexcept;

    [[nodiscard]] std::optional<Clock::time_point> end() const noexcept;

    std::atomic<LogLevel> level_;
    const LogFormat format_;
    const std::string node_;
    int descriptor_;
    bool journal_ = false;   // set by open()
    bool prefixes_ = false;  // set by open(): each line begins with its priority
    LogQueue queue_;
    std::atomic<std::uint64_t> lost_ = 0;

    io::Descriptor own_;   // the duplicate of what descriptor_ was
    io::Descriptor wake_;  // an eventfd, readable from end_by() on
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Clock::time_point> end_;  // under mutex_
    bool ended_ = false;                    // under mutex_

    // The writer's thread alone:
    std::uint64_t reported_ = 0;       // the part of lost_ that was reported
    Clock::time_point reported_at_{};  // the last time
    int error_ = 0;                    // why the last unreported line was lost; 0: no room
    bool failing_ = false;             // the last write failed; the next line tries again
    bool torn_ = false;                // the last line has no end
};

}  // namespace electiond
