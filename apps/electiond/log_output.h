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
// dropped and counted, and one line reports the count as soon as writing works again. Only the
// writer's thread waits for the descriptor.
//
// A line is queued if it is at or above the level when it is logged; a later change of the level
// does not remove queued lines. Lines are written in the order in which they were queued, each with
// the time at which it was logged.
//
// If the descriptor leads to the journal of systemd, each line becomes an entry with fields, and
// the format has no effect.
//
// Any thread. Logs may outlive their LogOutput: lines that are logged then are lost.
class LogOutput {
  public:
    // How long stop() waits for the reader of the log.
    static constexpr std::chrono::milliseconds kStopLimit{800};

    // Has no thread and no descriptor of its own until start(). A process may fork before that, and
    // each of the two can start a writer; lines queued before the fork are then queued in both.
    LogOutput(LogLevel level, LogFormat format, std::string node, int descriptor = 2);
    // Calls stop().
    ~LogOutput();
    LogOutput(const LogOutput&) = delete;
    LogOutput& operator=(const LogOutput&) = delete;

    // Starts the writer, which begins with the lines that are queued already. Throws Error (os) if
    // no thread can be started. No effect after the first time.
    void start();

    // Writes the queued lines, also if start() was never called, and ends the writer. Waits for
    // about kStopLimit at most: lines that are not written then are lost, and a writer that hangs
    // in a call of the operating system is left behind. No effect after the first time.
    void stop() noexcept;

    [[nodiscard]] Log log() const;
    // Takes effect at once; for SIGHUP.
    void set_level(LogLevel level) noexcept { writer_->set_level(level); }
    void write(LogLine line) noexcept { writer_->push(std::move(line)); }

    // How many lines were lost since the beginning, reported already or not.
    [[nodiscard]] std::uint64_t lost() const noexcept { return writer_->lost(); }

  private:
    const std::shared_ptr<LogWriter> writer_;
    std::mutex mutex_;  // guards what follows
    std::thread thread_;
    bool started_ = false;
};

}  // namespace electiond
