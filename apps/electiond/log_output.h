// Where the log goes: lines wait in a bounded queue until a thread of their own writes them.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <electiond/log.h>

#include "log_writer.h"
#include "settings/settings.h"

namespace electiond {

// Logging never waits: a line that does not fit into the queue, or that cannot be written, is
// dropped and counted, and one line tells the count as soon as writing works again. The writer's
// thread alone waits for the descriptor.
//
// A line is queued if it is at or above the level when it is logged; a later change of the level
// does not take back what waits. Lines are written in the order in which they were queued, so those
// of one thread stay in its order, each with the time at which it was logged.
//
// Any thread. Logs may outlive their LogOutput: what they are given then is lost.
class LogOutput {
  public:
    // How long stop() waits for the reader of the log.
    static constexpr std::chrono::milliseconds kStopLimit{800};

    // Has no thread and no descriptor of its own until start(). A process may fork before that, and
    // each of the two can start a writer; what waited before the fork then waits in both.
    LogOutput(LogLevel level, LogFormat format, std::string node, int descriptor = 2);
    // stop().
    ~LogOutput();
    LogOutput(const LogOutput&) = delete;
    LogOutput& operator=(const LogOutput&) = delete;

    // Starts the writer, which begins with the lines that wait already. Throws Error (os) if there
    // is no thread to be had. Without effect after the first time.
    void start();

    // Has what waits written, also if start() was never called, and ends the writer. Waits for
    // about kStopLimit at most: what is not written then is lost, and a writer that hangs in a call
    // of the operating system is left behind. Without effect after the first time.
    void stop() noexcept;

    [[nodiscard]] Log log() const;
    // At once, for SIGHUP.
    void set_level(LogLevel level) noexcept { writer_->set_level(level); }
    void write(LogLine line) noexcept { writer_->push(std::move(line)); }

    // How many lines were lost since the beginning, told already or not.
    [[nodiscard]] std::uint64_t lost() const noexcept { return writer_->lost(); }

  private:
    const std::shared_ptr<LogWriter> writer_;
    std::mutex mutex_;  // of what follows
    std::thread thread_;
    bool started_ = false;
};

}  // namespace electiond
