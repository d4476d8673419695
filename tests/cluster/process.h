// A child process of a test: started, signalled, awaited; killed when the test lets go of it or
// dies.
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

    // `command` begins with the program's path. What it says, on both streams, is appended to
    // `output`; on standard error to the descriptor `errors`, if that is one. Throws
    // std::runtime_error where there is no process to be had.
    Process(const std::vector<std::string>& command, const std::filesystem::path& output,
            int errors = kSame);

    [[nodiscard]] pid_t pid() const { return child_.pid(); }
    [[nodiscard]] bool running();
    void signal(int signal) { child_.signal(signal); }  // and to all that it has started
    void kill9();                                       // and waits for the end

    // The exit code, or 128 + the signal that ended it; nothing where it still runs after `limit`.
    [[nodiscard]] std::optional<int> wait(Milliseconds limit);

  private:
    io::Child child_;
};

// A program that ends by itself, with what it said.
struct Finished {
    int code = -1;  // -1: it did not end in time, and was killed
    std::string said;
};
[[nodiscard]] Finished run(const std::vector<std::string>& command,
                           Milliseconds limit = std::chrono::seconds(60));

}  // namespace electiond::cluster
