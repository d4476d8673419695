// The one logging seam: the host gives a function, plugins and core write one line an event to it.
#pragma once

#include <functional>
#include <string_view>

namespace electiond {

// info = role, leader or peers changed; warning = the operator may have to act, and the line says
// how; debug = every message. `key=value` pairs stand at the end of the line.
enum class LogLevel { debug, info, warning, error };

// Any thread; never blocks for long; never throws. An empty function means: nobody listens.
using LogSink = std::function<void(LogLevel, std::string_view line)>;

class Log {
  public:
    Log() = default;
    explicit Log(LogSink sink) : sink_(std::move(sink)) {}

    void debug(std::string_view line) const { write(LogLevel::debug, line); }
    void info(std::string_view line) const { write(LogLevel::info, line); }
    void warning(std::string_view line) const { write(LogLevel::warning, line); }
    void error(std::string_view line) const { write(LogLevel::error, line); }

  private:
    void write(LogLevel level, std::string_view line) const {
        if (sink_) sink_(level, line);
    }

    LogSink sink_;
};

}  // namespace electiond
