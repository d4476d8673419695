// Decides which failures and recoveries are logged: at most one line a minute for each operation.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "election/timing.h"

namespace electiond {

// An operation is known by its name, such as `poll` and `claim` of one discovery; each fails and
// recovers by itself. Pure: no clock, no lock, no log of its own. The caller bounds the number of
// names.
//
// A failure is logged if its operation had no line within the last `again`; failures in between are
// counted. It is not logged while another operation fails with the same text and had its line: one
// cause, one line. A recovery is logged if its failure was, and at most once within `again`: an
// operation that alternates writes two lines in that time.
class FaultLog {
  public:
    static constexpr Milliseconds kAgain{60'000};

    struct Failure {
        std::uint64_t unlogged = 0;  // failures since the operation's last line, without this one
        // "", or " (and 22 times since the last such line)".
        [[nodiscard]] std::string suffix() const;
    };
    struct Recovery {
        Duration away{};  // from the first failure until it worked
    };

    explicit FaultLog(Milliseconds again = kAgain) : again_(again) {}

    // The operation has failed, with this text. nullopt: no line is due.
    std::optional<Failure> failed(const std::string& operation, const std::string& text,
                                  Instant now);

    // The operation has worked; call it each time. nullopt: no line is due.
    std::optional<Recovery> worked(const std::string& operation, Instant now);

    // The operation is not tried any more.
    void forget(const std::string& operation) { operations_.erase(operation); }

  private:
    struct Operation {
        bool failing = false;
        Instant since{};                  // the first failure of those in a row
        std::string text{};               // of the newest failure
        std::optional<Instant> logged{};  // when a failure was last logged
        std::uint64_t unlogged = 0;
        bool open = false;  // a failure was logged, its recovery not yet
        Instant recovered{};
        std::optional<Instant> recovery_logged{};
    };

    [[nodiscard]] bool logged_elsewhere(const Operation& own, Instant now) const;

    const Milliseconds again_;
    std::map<std::string, Operation> operations_;
};

}  // namespace electiond
