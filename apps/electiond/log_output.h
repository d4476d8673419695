// Where the log goes: one line an event to standard error, as text, JSON or logfmt.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include <electiond/log.h>

#include "settings/settings.h"

namespace electiond {

// Any thread. Must outlive every Log made from it.
class LogOutput {
  public:
    LogOutput(LogLevel level, LogFormat format, std::string node, int descriptor = 2);

    [[nodiscard]] Log log() {
        return Log([this](LogLine line) { write(line); });
    }
    // Takes effect at once, for SIGHUP.
    void set_level(LogLevel level) { level_ = level; }
    void write(const LogLine& line);

  private:
    std::atomic<LogLevel> level_;
    const LogFormat format_;
    const std::string node_;
    const int descriptor_;
    std::mutex mutex_;
};

// One event as one line with its end, in one of the three formats; control characters become
// blanks. `time` is ISO 8601. Pure, for tests.
[[nodiscard]] std::string format_event(LogFormat format, const std::string& time,
                                       const std::string& node, const LogLine& line);

}  // namespace electiond
