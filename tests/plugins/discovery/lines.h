// The log of a discovery, as a test reads it.
#pragma once

#include <electiond/log.h>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace electiond::bench {

// Keeps the lines that are logged, except those of level debug. Any thread.
class Lines {
  public:
    [[nodiscard]] Log log() {
        return Log([this](LogLine line) {
            if (line.level == LogLevel::debug) return;
            const std::lock_guard lock(mutex_);
            lines_.push_back(line.to_string());
        });
    }
    [[nodiscard]] std::vector<std::string> all() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }
    // The same, and forgets them.
    [[nodiscard]] std::vector<std::string> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(lines_, {});
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

}  // namespace electiond::bench
