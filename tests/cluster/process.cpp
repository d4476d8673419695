// A child process of a test.
#include "process.h"

#include <fcntl.h>
#include <sys/wait.h>

#include <cerrno>
#include <system_error>

#include <io/descriptor.h>

#include "folder.h"

namespace electiond::cluster {
namespace {

io::Program program(const std::vector<std::string>& command, int output, int errors) {
    io::Program program{.command = command,
                        .out = io::Output::to(output),
                        .err = io::Output::to(errors >= 0 ? errors : output)};
    if (errors == Process::kClosed) {
        program.command = {"/bin/sh", "-c", "exec \"$@\" 2>&-", "sh"};
        program.command.insert(program.command.end(), command.begin(), command.end());
    }
    return program;
}

io::Descriptor open_to_append(const std::filesystem::path& output) {
    io::Descriptor said(::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!said.open()) throw std::system_error(errno, std::generic_category(), output.string());
    return said;
}

}  // namespace

Process::Process(const std::vector<std::string>& command, const std::filesystem::path& output,
                 int errors)
    : child_(program(command, open_to_append(output).get(), errors)) {}

bool Process::running() { return !wait(Milliseconds{0}); }

void Process::signal(int signal) {
    child_.signal(signal);
    if (signal != SIGSTOP) return;
    const auto self = static_cast<id_t>(pid());
    siginfo_t unused;
    int result = 0;
    do {
        result = ::waitid(P_PID, self, &unused, WSTOPPED | WEXITED | WNOWAIT);
    } while (result != 0 && errno == EINTR);
}

void Process::kill9() {
    signal(SIGKILL);
    (void)wait(Milliseconds::max());
}

std::optional<int> Process::wait(Milliseconds limit) {
    const auto ended = child_.wait(limit);
    return ended ? std::optional(ended->as_shell()) : std::nullopt;
}

Finished run(const std::vector<std::string>& command, Milliseconds limit) {
    const Folder folder;
    Process process(command, folder / "said");
    const auto code = process.wait(limit);
    return {code.value_or(-1), read(folder / "said")};
}

}  // namespace electiond::cluster
