// The one way to run a program: in a process group of its own, awaited by pidfd, bounded in time
// and in output, and ended with its parent.
#include "io/child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "io/descriptor_limit.h"

extern "C" {  // glibc 2.36 does not declare it so
#include <sys/pidfd.h>
}

namespace electiond::io {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kLook{5};
constexpr std::size_t kReadAtOnce = 1024 * 1024;  // no pipe holds more

[[noreturn]] void fail(int error, const std::string& what) {
    throw std::system_error(error, std::generic_category(), what);
}

Descriptor checked(int number, const char* what) {
    if (number < 0) fail(errno, what);
    return Descriptor(number);
}

// A copy above the standard descriptors: 0, 1 or 2 may have been closed when we were started, and
// in the child they are overwritten one after the other.
Descriptor lifted(int number) {
    return checked(::fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), "cannot copy a descriptor");
}

struct Pipe {
    Descriptor reader, writer;
};

Pipe make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(errno, "cannot make a pipe");
    const Descriptor reader(ends[0]), writer(ends[1]);
    return {lifted(reader.get()), lifted(writer.get())};
}

// A file in memory, not a pipe: a program that reads slowly, or never, blocks no writer.
Descriptor make_input(const std::string& text) {
    if (text.empty()) {
        const auto nothing = checked(::open("/dev/null", O_RDONLY | O_CLOEXEC), "/dev/null");
        return lifted(nothing.get());
    }
    const auto file = checked(::memfd_create("input", MFD_CLOEXEC), "cannot make a file in memory");
    for (std::size_t done = 0; done < text.size();) {
        const auto count = ::write(file.get(), text.data() + done, text.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail(errno, "cannot write to a file in memory");
        done += static_cast<std::size_t>(count);
    }
    if (::lseek(file.get(), 0, SEEK_SET) != 0) fail(errno, "cannot rewind a file in memory");
    return lifted(file.get());
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& additions) {
    std::vector<std::string> all;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (!additions.contains(std::string(text.substr(0, text.find('='))))) {
            all.emplace_back(text);
        }
    }
    for (const auto& [name, value] : additions) all.push_back(name + "=" + value);
    return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
    std::vector<char*> pointers;
    for (auto& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

// Why the child could not become the program, as it reports through a pipe.
struct Failure {
    enum Step : int { arranging, running };
    int error;
    Step step;
};

// For messages.
std::string name_of(const Program& program) {
    return program.command.empty() ? "a part of this process" : program.command.front();
}

// All that the child needs, prepared before the fork. -1: the descriptor is inherited.
struct Plan {
    char* const* words;
    char* const* environment;
    const std::function<int()>& act;  // instead of these, if it is not empty
    int in, out, err;
    int report;
    pid_t parent;
    std::optional<rlim_t> descriptors;  // the soft limit to set; nullopt: as ours
};

[[noreturn]] void report(const Plan& plan, Failure::Step step) noexcept {
    const Failure failure{errno, step};
    const auto ignored = ::write(plan.report, &failure, sizeof failure);
    static_cast<void>(ignored);  // the parent sees an end without a program then
    ::_exit(127);
}

// The child's side. Only calls that are safe in a signal handler, except for `act`: another thread
// of the parent may have held any lock when it forked.
[[noreturn]] void become(const Plan& plan) noexcept {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) report(plan, Failure::arranging);
    if (::getppid() != plan.parent) ::_exit(127);  // the parent died before the prctl call above
    if (::setpgid(0, 0) != 0) report(plan, Failure::arranging);
    const std::array<int, 3> standard{plan.in, plan.out, plan.err};
    for (int to = 0; to < 3; ++to) {
        const int from = standard[static_cast<std::size_t>(to)];
        if (from >= 0 && ::dup2(from, to) < 0) report(plan, Failure::arranging);
    }
    // Marked close-on-exec, not closed: the pipe for failures is needed until exec.
    if (::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
        report(plan, Failure::arranging);
    }
    if (rlimit limit{}; plan.descriptors && ::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = std::min(*plan.descriptors, limit.rlim_max);
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    struct sigaction normal {};
    normal.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) {
        ::sigaction(number, &normal, nullptr);  // fails for KILL, STOP and the C library's own
    }
    sigset_t none;
    sigemptyset(&none);
    if (::sigprocmask(SIG_SETMASK, &none, nullptr) != 0) report(plan, Failure::arranging);
    if (plan.act) {
        ::close_range(STDERR_FILENO + 1, ~0U, 0);
        ::_exit(plan.act());
    }
    ::execve(plan.words[0], plan.words, plan.environment);
    report(plan, Failure::running);
}

// No handler of ours may run in the child before it has set them all back.
pid_t fork_with_signals_blocked(const Plan& plan) {
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t child = ::fork();
    if (child == 0) become(plan);
    const int error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    return child;
}

void keep_the_ends_of_children() {
    struct sigaction action {};
    if (::sigaction(SIGCHLD, nullptr, &action) != 0) return;
    const bool dropped = action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDWAIT) != 0;
    if (!dropped) return;
    action = {};
    action.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &action, nullptr);
}

// Milliseconds for poll(2) until `deadline`, rounded up, so that it does not wake just before it.
int left_until(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

// `limit` from now; a limit that overflows the clock means for ever.
Clock::time_point after(milliseconds limit) {
    constexpr auto kLongest = std::chrono::hours(24 * 365);
    return Clock::now() + std::min<milliseconds>(limit, kLongest);
}

}  // namespace

Child::Child(const Program& program)
    : output_{.max = program.output_max}, errors_{.max = program.errors_max} {
    if (program.command.empty() && !program.act) {
        fail(EINVAL, "cannot run a program without a name");
    }
    keep_the_ends_of_children();
    start(program);
    process_ = Descriptor(::pidfd_open(pid_, 0));
    if (process_.open()) return;
    const int error = errno;
    ::kill(-pid_, SIGKILL);
    collect();
    fail(error, name_of(program) + ": cannot watch it");
}

Child::~Child() {
    if (collected_) return;
    // Not by wait(): it reads what is captured, for which there may be no memory.
    siginfo_t how{};
    const bool ended = ended_ || (::waitid(P_PID, static_cast<id_t>(pid_), &how,
                                           WEXITED | WNOHANG | WNOWAIT) == 0 &&
                                  how.si_pid == pid_);
    if (!ended) signal(SIGKILL);
    collect();
}

void Child::start(const Program& program) {
    auto words = program.command;
    auto variables = environment_with(program.environment);
    const auto word_pointers = pointers_to(words);
    const auto variable_pointers = pointers_to(variables);
    const Descriptor input = make_input(program.input);
    Pipe capture, apart;
    Descriptor nothing;
    const auto target_of = [&](const Output& output) -> Descriptor {
        if (output.target_ == Output::kInherited) return Descriptor();
        if (output.target_ == Output::kDiscarded) {
            if (!nothing.open())
                nothing = checked(::open("/dev/null", O_WRONLY | O_CLOEXEC), "/dev/null");
            return lifted(nothing.get());
        }
        if (output.target_ >= 0) return lifted(output.target_);
        auto& pipe = output.target_ == Output::kCaptured ? capture : apart;
        if (!pipe.writer.open()) pipe = make_pipe();
        return lifted(pipe.writer.get());
    };
    const Descriptor out = target_of(program.out), err = target_of(program.err);
    Pipe report = make_pipe();

    pid_ = fork_with_signals_blocked({.words = word_pointers.data(),
                                      .environment = variable_pointers.data(),
                                      .act = program.act,
                                      .in = input.get(),
                                      .out = out.get(),
                                      .err = err.get(),
                                      .report = report.writer.get(),
                                      .parent = ::getpid(),
                                      .descriptors = original_descriptor_limit()});
    if (pid_ < 0) fail(errno, name_of(program) + ": cannot make a process for it");
    report.writer = Descriptor();
    Failure failure{};
    ssize_t count = 0;
    do {
        // Ends at exec, or before `act`.
        count = ::read(report.reader.get(), &failure, sizeof failure);
    } while (count < 0 && errno == EINTR);
    if (count == static_cast<ssize_t>(sizeof failure)) {
        collect();
        fail(failure.error, failure.step == Failure::running
                                ? "cannot run " + name_of(program)
                                : name_of(program) + ": cannot prepare a process for it");
    }
    output_.pipe = std::move(capture.reader);
    errors_.pipe = std::move(apart.reader);
    for (const auto* each : {&output_, &errors_}) {
        if (each->pipe.open()) ::fcntl(each->pipe.get(), F_SETFL, O_NONBLOCK);
    }
}

std::optional<Ended> Child::wait(milliseconds limit) {
    if (ended_) return ended_;
    const auto deadline = after(limit);
    for (;;) {
        std::array<pollfd, 3> watched{pollfd{process_.get(), POLLIN, 0},
                                      pollfd{output_.pipe.get(), POLLIN, 0},  // poll ignores -1
                                      pollfd{errors_.pipe.get(), POLLIN, 0}};
        const int ready = ::poll(watched.data(), watched.size(), left_until(deadline));
        if (ready < 0 && errno != EINTR) fail(errno, "poll");
        if (ready > 0 && watched[1].revents != 0) output_.read();
        if (ready > 0 && watched[2].revents != 0) errors_.read();
        if (ready > 0 && watched[0].revents != 0) break;
        if (Clock::now() >= deadline) return std::nullopt;
    }
    output_.read();
    errors_.read();
    siginfo_t how{};
    // Not reaped yet (WNOWAIT): so its number, also as that of its group, is not reused while this
    // object exists.
    while (::waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED | WNOWAIT) != 0) {
        if (errno != EINTR) fail(errno, "waitid");
    }
    ended_ = how.si_code == CLD_EXITED ? Ended{.code = how.si_status, .signal = 0}
                                       : Ended{.code = 0, .signal = how.si_status};
    return ended_;
}

void Child::signal(int number) noexcept {
    if (collected_) return;
    // A program may have left its group; then only the program gets the signal.
    if (::kill(-pid_, number) != 0 && errno == ESRCH) {
        ::pidfd_send_signal(process_.get(), number, nullptr, 0);
    }
}

Ended Child::end(milliseconds grace, int first) {
    if (collected_) return *ended_;
    const auto deadline = after(grace);
    signal(first);
    signal(SIGCONT);  // a stopped process handles no other signal
    const bool in_time = wait(grace).has_value();
    if (!in_time) signal(SIGKILL);
    (void)wait(milliseconds::max());
    collect();
    if (in_time && !group_empties(deadline)) ::kill(-pid_, SIGKILL);
    output_.read();
    errors_.read();
    return *ended_;
}

// No condition can be awaited: the remaining processes are children of the program, not ours. The
// number of their group is not reused while one of them exists. An ended process counts until
// process 1 reaps it.
bool Child::group_empties(Clock::time_point deadline) const noexcept {
    while (::kill(-pid_, 0) == 0 || errno == EPERM) {
        if (Clock::now() >= deadline) return false;
        ::poll(nullptr, 0, static_cast<int>(kLook.count()));
    }
    return true;
}

void Child::Captured::read() {
    std::array<char, 16 * 1024> piece;
    for (std::size_t done = 0; pipe.open() && done < kReadAtOnce;) {
        const auto count = ::read(pipe.get(), piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) {
            pipe = Descriptor();  // end of file: no process writes to it any more
            return;
        }
        const auto bytes = static_cast<std::size_t>(count);
        const auto kept = std::min(bytes, max - text.size());
        text.append(piece.data(), kept);
        cut = cut || kept < bytes;
        done += bytes;
    }
}

void Child::collect() noexcept {
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    collected_ = true;
}

}  // namespace electiond::io
