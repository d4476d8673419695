// Decides which failures and recoveries become a line of the log: one a minute, however they come.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "election/timing.h"

namespace electiond {

// Knows operations by name: what may fail and work again, each by itself, as `poll` and `claim` of
// one discovery. Pure: no clock, no lock, no log of its own. The caller bounds the number of names.
//
// A failure is worth a line when the same operation had none for `again`; those in between are
// counted. It is worth none while another operation fails with the same text and had its line: one
// cause, one line. A recovery is worth a line when the failure had one, and again at most once in
// `again`: what flaps writes two lines in that time.
class FaultLog {
  public:
    static constexpr Milliseconds kAgain{60'000};

    struct Failure {
        std::uint64_t untold = 0;  // failures since the operation's last line, without this one
        // "", or " (and 22 times since the last such line)".
        [[nodiscard]] std::string suffix() const;
    };
    struct Recovery {
        Duration away{};  // from the first failure until it worked
    };

    explicit FaultLog(Milliseconds again = kAgain) : again_(again) {}

    // The operation has failed, with this text. Nothing: no line is due.
    std::optional<Failure> failed(const std::string& operation, const std::string& text,
                                  Instant now);

    // The operation has worked. To be called each time. Nothing: no line is due.
    std::optional<Recovery> worked(const std::string& operation, Instant now);

    // The operation is not tried any more: it neither fails nor works.
    void forget(const std::string& operation) { operations_.erase(operation); }

  private:
    struct Operation {
        bool failing = false;
        Instant since{};                // the first failure of those in a row
        std::string text{};             // of the newest failure
        std::optional<Instant> told{};  // when a failure had a line
        std::uint64_t untold = 0;
        bool open = false;  // a failure had a line, its end had none yet
        Instant recovered{};
        std::optional<Instant> recovery_told{};
    };

    [[nodiscard]] bool told_elsewhere(const Operation& own, Instant now) const;

    const Milliseconds again_;
    std::map<std::string, Operation> operations_;
};

}  // namespace electiond
