// A child process of a test: starts it, sends signals and waits for it; kills it if the object is
// destroyed or the test dies.
#pragma once

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <io/child.h>

namespace electiond::cluster {

using Milliseconds = std::chrono::milliseconds;

// One thread only, and it must outlive the process: the kernel kills the child when it ends.
class Process {
  public:
    static constexpr int kSame = -1;    // standard error goes where standard output goes
    static constexpr int kClosed = -2;  // there is no standard error

    // `command` begins with the program's path. Its output is appended to the file `output`;
    // standard error goes to the descriptor `errors`, if one is given. Throws std::runtime_error if
    // no process can be started.
    Process(const std::vector<std::string>& command, const std::filesystem::path& output,
            int errors = kSame);

    [[nodiscard]] pid_t pid() const { return child_.pid(); }
    [[nodiscard]] bool running();
    // Also to all that it has started. After SIGSTOP it returns when all threads of the process
    // have stopped, or it has ended; those of its children may still run for a moment.
    void signal(int signal);
    void kill9();  // and waits for the end

    // The exit code, or 128 + the signal that ended it; nullopt if it still runs after `limit`.
    [[nodiscard]] std::optional<int> wait(Milliseconds limit);

  private:
    io::Child child_;
};

// The result of a program that has ended: its exit code and output.
struct Finished {
    int code = -1;  // -1: it did not end in time, and was killed
    std::string said;
};
[[nodiscard]] Finished run(const std::vector<std::string>& command,
                           Milliseconds limit = std::chrono::seconds(60));

}  // namespace electiond::cluster
