// A child process of a test.
#include "process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "folder.h"

extern "C" {  // glibc 2.36 has forgotten to say so itself
#include <sys/pidfd.h>
}

namespace electiond::cluster {

Process::Process(const std::vector<std::string>& command, const std::filesystem::path& output,
                 int errors) {
    std::vector<char*> words;
    for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const int said = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);
        ::dup2(nothing, STDIN_FILENO);
        ::dup2(said, STDOUT_FILENO);
        if (errors == kClosed) {
            ::close(STDERR_FILENO);
        } else {
            ::dup2(errors == kSame ? said : errors, STDERR_FILENO);
        }
        ::execv(words.front(), words.data());
        ::_exit(127);
    }
    const int reason = errno;
    ::close(said);
    ::close(nothing);
    if (pid_ < 0) throw std::system_error(reason, std::generic_category(), "fork");
    handle_ = ::pidfd_open(pid_, 0);
    if (handle_ < 0) throw std::system_error(errno, std::generic_category(), "pidfd_open");
}

Process::~Process() {
    kill9();
    ::close(handle_);
}

bool Process::running() { return !wait(Milliseconds{0}); }

void Process::signal(int signal) const {
    if (!code_) ::pidfd_send_signal(handle_, signal, nullptr, 0);
}

void Process::kill9() {
    signal(SIGKILL);
    (void)wait(Milliseconds{-1});
}

std::optional<int> Process::wait(Milliseconds limit) {
    if (code_) return code_;
    pollfd ended{.fd = handle_, .events = POLLIN, .revents = 0};
    if (::poll(&ended, 1, static_cast<int>(limit.count())) != 1) return std::nullopt;
    int status = 0;
    if (::waitpid(pid_, &status, 0) != pid_) throw std::runtime_error("a child was lost");
    code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return code_;
}

Finished run(const std::vector<std::string>& command, Milliseconds limit) {
    const Folder folder;
    Process process(command, folder / "said");
    const auto code = process.wait(limit);
    return {code.value_or(-1), read(folder / "said")};
}

}  // namespace electiond::cluster
