// The one way to run a program: in a process group of its own, awaited by pidfd, bounded in time
// and in output, and ended with its parent.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <cstddef>
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
    // Kept, up to Program::output_max. Where both streams are captured, they share one text.
    [[nodiscard]] static Output captured() { return Output(kCaptured); }
    // Into a descriptor that the caller keeps; it is borrowed until Child's constructor returns.
    [[nodiscard]] static Output to(int descriptor) { return Output(descriptor); }

  private:
    friend class Child;
    static constexpr int kInherited = -1, kDiscarded = -2, kCaptured = -3;
    explicit Output(int target) : target_(target) {}
    int target_;
};

struct Program {
    // argv, without a shell. The first word is a path; it is not searched for in PATH.
    std::vector<std::string> command;
    // Added to our own environment; a name that stands there already is replaced.
    std::map<std::string, std::string> environment{};
    std::string input{};  // all that it can read from standard input; empty: /dev/null
    Output out = Output::inherited();
    Output err = Output::inherited();
    std::size_t output_max = 64 * 1024;  // bytes; what is captured beyond is read and dropped
};

// How a program has ended: `signal` is 0 where it ended by itself.
struct Ended {
    int code = 0;
    int signal = 0;
    // As a shell says it: the exit code, or 128 + the signal.
    [[nodiscard]] int as_shell() const noexcept { return signal != 0 ? 128 + signal : code; }
};

// A running program. It starts with default signal dispositions, no blocked signal, no descriptor
// of ours but 0, 1 and 2, and as the leader of a process group of its own, so that everything it
// starts can be ended with it.
//
// It ends with its parent: when this process dies, however it dies, the kernel kills the program
// (PR_SET_PDEATHSIG). Not promised then, for Linux does not offer it: the end of what the program
// has started itself (of `sh -c 'a; b'` the shell dies, `a` may live on), and the end of a
// set-user-ID program. Not promised at any time: the end of what has left the process group
// (setsid).
//
// One thread only, and that thread must outlive the object: the kernel takes the end of the thread
// that started the program for the death of the parent.
class Child {
  public:
    // Starts the program and waits until its exec has succeeded. Throws std::system_error with the
    // errno and the name of the program where it cannot be started. An ignored SIGCHLD is set back
    // to its default for the whole process: with it, the kernel would forget how children end.
    explicit Child(const Program& program);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    // Kills the whole group where the program has not ended yet, and waits for its end.
    ~Child();

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    // Readable for poll(2) once the program has ended: for callers that wait for more than this.
    [[nodiscard]] int handle() const noexcept { return process_.get(); }

    // How it has ended; nullopt where it still runs after `limit`. Reads what is captured
    // meanwhile. Processes that it leaves behind in its group go on.
    [[nodiscard]] std::optional<Ended> wait(std::chrono::milliseconds limit);

    // Sends a signal to the whole group, also to what an ended program has left behind there.
    void signal(int number) noexcept;

    // Ends the whole group: sends `first`, waits at most `grace` until nobody is left in it, sends
    // SIGKILL to those who are, and waits for the program's end. Once it returns, signal() does
    // nothing.
    Ended end(std::chrono::milliseconds grace, int first = SIGTERM);

    // What was captured so far.
    [[nodiscard]] const std::string& output() const noexcept { return output_; }
    [[nodiscard]] bool output_cut() const noexcept { return output_cut_; }

  private:
    void start(const Program& program);
    void read_output();
    [[nodiscard]] bool group_empties(std::chrono::steady_clock::time_point deadline) const noexcept;
    void collect() noexcept;

    pid_t pid_ = -1;
    Descriptor process_;  // a pidfd: the number of an ended process may soon be another's
    Descriptor captured_;
    std::size_t output_max_;
    std::string output_;
    bool output_cut_ = false;
    std::optional<Ended> ended_;
    bool collected_ = false;  // until then the kernel keeps pid_, as process and as group, for us
};

}  // namespace electiond::io
