// One run of a program: starts it, waits for it in several calls, and ends it with all its
// processes.
#pragma once

#include <io/child.h>

#include <chrono>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace electiond::discovery {

// A program as the operator wrote it.
struct Command {
    std::string title{};               // for messages: "the program /usr/local/bin/peers"
    std::vector<std::string> words{};  // argv, without a shell; the first is an absolute path
    std::chrono::milliseconds timeout{};
};

// The environment variables and the standard input of a program.
struct ProgramInput {
    std::map<std::string, std::string> variables{};
    std::string standard_input{};
};

inline constexpr std::size_t kOutputMax =
    1024 * 1024;                                      // bytes; a program that prints more is ended
inline constexpr std::size_t kErrorsMax = 16 * 1024;  // bytes; the rest is dropped

struct Finished {
    std::string output{};
    std::string errors{};  // the beginning of its standard error
    std::string fault{};   // a sentence; empty: the exit code was 0, so the output counts
};

// Used and destroyed by the thread that constructs it (see io::Child).
class ProgramRun {
  public:
    // Starts it. Throws Error with the remedy if that fails.
    ProgramRun(Command command, const ProgramInput& input);
    ProgramRun(const ProgramRun&) = delete;
    ProgramRun& operator=(const ProgramRun&) = delete;
    // Terminates it if it still runs: within 0.2 s, unless the kernel cannot kill it.
    ~ProgramRun();

    // Waits until it has ended, but at most for `limit`, and only until a stop is requested.
    // Returns nullopt if it still runs. Terminates it if its timeout is over, or if it prints too
    // much. After its end no process of its group is left, and wait() must not be called again.
    [[nodiscard]] std::optional<Finished> wait(std::chrono::milliseconds limit,
                                               const std::stop_token& stop);

  private:
    [[nodiscard]] Finished finish(std::string fault);

    const Command command_;
    const std::chrono::steady_clock::time_point deadline_;
    io::Child child_;
};

}  // namespace electiond::discovery
