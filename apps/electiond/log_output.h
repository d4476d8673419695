// Where the log goes: one line an event to standard error, as text, JSON or logfmt.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>

#include <electiond/log.h>

#include "settings/settings.h"

namespace electiond {

// Any thread. Must outlive every Log made from it.
class LogOutput {
  public:
    LogOutput(LogLevel level, LogFormat format, std::string node, int descriptor = 2);

    [[nodiscard]] Log log() {
        return Log([this](LogLevel level, std::string_view line) { write(level, line); });
    }
    // Takes effect at once, for SIGHUP.
    void set_level(LogLevel level) { level_ = level; }
    void write(LogLevel level, std::string_view line);

  private:
    std::atomic<LogLevel> level_;
    const LogFormat format_;
    const std::string node_;
    const int descriptor_;
    std::mutex mutex_;
};

// One event as one line with its end, in one of the three formats. `time` is ISO 8601. The
// `key=value` pairs at the end of `line` become fields of their own in JSON. Pure, for tests.
[[nodiscard]] std::string format_event(LogFormat format, const std::string& time, LogLevel level,
                                       const std::string& node, std::string_view line);

}  // namespace electiond
