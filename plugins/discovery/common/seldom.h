// Limits how often a repeated event is logged.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace electiond::discovery {

// At most once a minute. One thread; the caller reads the clock.
class Seldom {
  public:
    using Instant = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds kAgain{60};

    // Counts one event. nullopt if no line is due, else how often it happened since the last line,
    // without this event.
    std::optional<std::uint64_t> count(Instant now) {
        if (logged_ && now - *logged_ < kAgain) {
            ++skipped_;
            return std::nullopt;
        }
        logged_ = now;
        return std::exchange(skipped_, 0);
    }

  private:
    std::optional<Instant> logged_;
    std::uint64_t skipped_ = 0;
};

// The end of such a line: "", or " (and 22 times since the last such line)".
[[nodiscard]] inline std::string repeated(std::uint64_t times) {
    if (times == 0) return "";
    return " (and " + std::to_string(times) + (times == 1 ? " time" : " times") +
           " since the last such line)";
}

}  // namespace electiond::discovery
