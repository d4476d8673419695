// Tries a library in a child process first: both the child's side and the parent's.
#include "host/probe.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "host/library.h"

extern "C" {  // glibc 2.36 forgets to say so
#include <sys/pidfd.h>
}

namespace electiond {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot_try(const fs::path& file, const std::string& what, int error) {
    throw Error(file.string() + ": cannot be tried in a child process: " + what + ": " +
                    std::generic_category().message(error),
                Error::os);
}

// A descriptor that is closed when it goes out of sight.
class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int get() const noexcept { return number_; }

  private:
    int number_;
};

// What the child gets: the pipe as its output, nothing else, a fresh process group and default
// signals (ours may be blocked or ignored).
pid_t start(const fs::path& program, const fs::path& file, int output) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes,
        static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP));

    std::string first = program.string(), option = kProbeOption, last = fs::absolute(file).string();
    std::array<char*, 4> arguments{first.data(), option.data(), last.data(), nullptr};
    pid_t child = -1;
    const int error =
        posix_spawn(&child, first.c_str(), &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) cannot_try(file, program.string(), error);
    return child;
}

// True where the child has ended in time; afterwards it has ended in any case, and its group, too.
bool await_end(pid_t child, const Descriptor& process, std::chrono::milliseconds limit) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + limit;
    pollfd watched{process.get(), POLLIN, 0};
    int ready = 0;
    do {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
        ready = ::poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    } while (ready < 0 && errno == EINTR);
    ::kill(-child, SIGKILL);  // safe: not yet reaped, so the number is still the child's
    return ready > 0;
}

// What the child has left in the pipe, up to the end of its first line.
std::string first_line(const Descriptor& input) {
    std::array<char, 4096> buffer;
    const auto got = ::read(input.get(), buffer.data(), buffer.size());  // non-blocking
    const std::string text(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    return text.substr(0, text.find('\n'));
}

// Parts of "name<TAB>version<TAB>kind"; the name is the stem and may not hold a tab, nor the kind.
bool read_good(const std::string& line, PluginInfo& info) {
    const auto first = line.find('\t'), last = line.rfind('\t');
    if (first == std::string::npos || first == last) return false;
    info.name = line.substr(0, first);
    info.version = line.substr(first + 1, last - first - 1);
    info.kind = line.substr(last + 1);
    return true;
}

std::string limit_in_words(std::chrono::milliseconds limit) {
    return limit.count() % 1000 == 0 ? std::to_string(limit.count() / 1000) + " s"
                                     : std::to_string(limit.count()) + " ms";
}

}  // namespace

PluginInfo inspect_plugin(const fs::path& file) {
    PluginInfo info{file.stem().string(), {}, {}, file, {}};
    try {
        const Library library(file);
        info.version = library.version();
        info.kind = to_string(library.kind());
    } catch (const Error& error) {
        info.fault = error.what();
    }
    return info;
}

int probe_plugin(const fs::path& file) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const Descriptor answer(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    ::dup2(STDERR_FILENO, STDOUT_FILENO);

    const auto info = inspect_plugin(file);
    const auto line =
        (info.fault.empty() ? info.name + '\t' + info.version + '\t' + info.kind : info.fault) +
        '\n';
    const auto written = ::write(answer.get(), line.data(), line.size());
    const bool told = written == static_cast<ssize_t>(line.size());
    return info.fault.empty() && told ? 0 : Error::config;
}

PluginInfo inspect_in_child(const fs::path& program, const fs::path& file,
                            std::chrono::milliseconds limit) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) cannot_try(file, "pipe", errno);
    const Descriptor input(ends[0]);
    pid_t child = -1;
    {
        const Descriptor output(ends[1]);
        child = start(program, file, output.get());
    }
    const Descriptor process(::pidfd_open(child, 0));
    const int pidfd_error = errno;
    const bool in_time = process.get() >= 0 && await_end(child, process, limit);
    if (process.get() < 0) ::kill(-child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) cannot_try(file, "waitpid", errno);
    }
    if (process.get() < 0) cannot_try(file, "pidfd_open", pidfd_error);

    PluginInfo info{file.stem().string(), {}, {}, file, {}};
    const auto line = first_line(input);
    const auto fault = [&](const std::string& what) {
        info.fault = file.string() + ": " + what + "; install the plugin anew, or ask its author";
    };
    if (!in_time) {
        fault("has not finished loading within " + limit_in_words(limit));
    } else if (WIFSIGNALED(status)) {
        fault("crashed while being loaded: signal " + std::to_string(WTERMSIG(status)) + " (" +
              strsignal(WTERMSIG(status)) + ")");
    } else if (WEXITSTATUS(status) == Error::config && !line.empty()) {
        info.fault = line;
    } else if (WEXITSTATUS(status) != 0 || !read_good(line, info)) {
        fault("ended the process while being loaded, with exit code " +
              std::to_string(WEXITSTATUS(status)));
    }
    return info;
}

}  // namespace electiond
