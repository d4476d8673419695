// The one way to run a program: in a process group of its own, awaited by pidfd, bounded in time
// and in output, and ended with its parent.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <io/descriptor.h>

namespace electiond::io {

// Where standard output or standard error of a program goes.
class Output {
  public:
    [[nodiscard]] static Output inherited() { return Output(kInherited); }
    [[nodiscard]] static Output discarded() { return Output(kDiscarded); }
    // Kept, up to Program::output_max. If both streams are captured, they share one text.
    [[nodiscard]] static Output captured() { return Output(kCaptured); }
    // The same, but kept apart from what is captured(): in Child::errors(), up to
    // Program::errors_max.
    [[nodiscard]] static Output captured_apart() { return Output(kCapturedApart); }
    // Into a descriptor that the caller keeps; it is borrowed until Child's constructor returns.
    [[nodiscard]] static Output to(int descriptor) { return Output(descriptor); }

  private:
    friend class Child;
    static constexpr int kInherited = -1, kDiscarded = -2, kCaptured = -3, kCapturedApart = -4;
    explicit Output(int target) : target_(target) {}
    int target_;
};

struct Program {
    // argv, without a shell. The first word is a path; it is not searched for in PATH.
    std::vector<std::string> command;
    // Instead of a command: called in the child, which then is a copy of this process with this
    // thread alone, and ends by _exit() with the result. Cheaper than a program, but only for a
    // process whose other threads hold no lock that `act` needs; the C library frees its own.
    std::function<int()> act{};
    // Added to our own environment; replaces variables that are set there.
    std::map<std::string, std::string> environment{};
    std::string input{};  // the whole standard input of the program; empty: /dev/null
    Output out = Output::inherited();
    Output err = Output::inherited();
    std::size_t output_max = 64 * 1024;  // bytes; more output is read and dropped
    std::size_t errors_max = 16 * 1024;  // the same for captured_apart()
};

// How a program has ended: `signal` is 0 if it ended by itself.
struct Ended {
    int code = 0;
    int signal = 0;
    // As a shell reports it: the exit code, or 128 + the signal.
    [[nodiscard]] int as_shell() const noexcept { return signal != 0 ? 128 + signal : code; }
};

// A running program. It starts with default signal dispositions, no blocked signal, no descriptor
// of ours but 0, 1 and 2, the limit of open descriptors that we were started with (see
// raise_descriptor_limit), and as the leader of a process group of its own, so that everything it
// starts can be ended with it.
//
// It ends with its parent: when this process dies, however it dies, the kernel kills the program
// (PR_SET_PDEATHSIG). Linux does not offer this for processes that the program has started
// (of `sh -c 'a; b'` the shell dies, `a` may live on), nor for a set-user-ID program. A process
// that has left the process group (setsid) is never ended.
//
// One thread only, and that thread must outlive the object: if the thread that started the program
// ends, the kernel treats this as the death of the parent.
class Child {
  public:
    // Starts the program and waits until its exec has succeeded. Throws std::system_error with the
    // errno and the name of the program if it cannot be started. An ignored SIGCHLD is set back to
    // its default for the whole process: otherwise the kernel would not keep the exit status of
    // children.
    explicit Child(const Program& program);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    // Kills the whole group if the program has not ended yet, and waits for its end.
    ~Child();

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    // Readable for poll(2) once the program has ended: for callers that also wait for other things.
    [[nodiscard]] int handle() const noexcept { return process_.get(); }

    // How it has ended; nullopt if it still runs after `limit`. Reads captured output meanwhile.
    // Processes that the program leaves behind in its group go on.
    [[nodiscard]] std::optional<Ended> wait(std::chrono::milliseconds limit);

    // Sends a signal to the whole group, also to processes that an ended program left behind there.
    void signal(int number) noexcept;

    // Ends the whole group: sends `first`, waits at most `grace` until the group is empty, sends
    // SIGKILL to the remaining processes, and waits for the program's end. After it has returned,
    // signal() does nothing.
    Ended end(std::chrono::milliseconds grace, int first = SIGTERM);

    // What was captured so far.
    [[nodiscard]] const std::string& output() const noexcept { return output_.text; }
    [[nodiscard]] bool output_cut() const noexcept { return output_.cut; }
    // What was captured apart so far.
    [[nodiscard]] const std::string& errors() const noexcept { return errors_.text; }

  private:
    // One of the two captured texts, and the pipe that it comes from.
    struct Captured {
        Descriptor pipe{};
        std::size_t max = 0;
        std::string text{};
        bool cut = false;
        void read();
    };

    void start(const Program& program);
    [[nodiscard]] bool group_empties(std::chrono::steady_clock::time_point deadline) const noexcept;
    void collect() noexcept;

    pid_t pid_ = -1;
    Descriptor process_;  // a pidfd: the number of an ended process may soon be another's
    Captured output_, errors_;
    std::optional<Ended> ended_;
    bool collected_ = false;  // until then the kernel does not reuse pid_, as process or group
};

}  // namespace electiond::io
