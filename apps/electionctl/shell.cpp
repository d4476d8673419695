// Runs a command by the shell.
#include "electionctl/shell.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>
#include <vector>

namespace electiond::ctl {
namespace {

void check(int error, const char* what) {
    if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

std::vector<std::string> merged(const std::map<std::string, std::string>& variables) {
    std::vector<std::string> all;
    for (char** entry = environ; *entry; ++entry) {
        const std::string_view text(*entry);
        if (!variables.contains(std::string(text.substr(0, text.find('=')))))
            all.emplace_back(text);
    }
    for (const auto& [name, value] : variables) all.push_back(name + "=" + value);
    return all;
}

// The child starts with no signal blocked: we block SIGPIPE, it must not.
pid_t spawn(const std::string& command, const std::map<std::string, std::string>& variables,
            int input) {
    auto lines = merged(variables);
    std::vector<char*> pointers;
    for (std::string& line : lines) pointers.push_back(line.data());
    pointers.push_back(nullptr);
    std::string shell = "sh", option = "-c", text = command;
    const std::array<char*, 4> words{shell.data(), option.data(), text.data(), nullptr};

    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_t attributes;
    check(posix_spawnattr_init(&attributes), "posix_spawnattr_init");
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_t actions;
    check(posix_spawn_file_actions_init(&actions), "posix_spawn_file_actions_init");
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    pid_t child = 0;
    const int error =
        posix_spawn(&child, "/bin/sh", &actions, &attributes, words.data(), pointers.data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    check(error, "cannot run /bin/sh");
    return child;
}

}  // namespace

int run_in_shell(const std::string& command, const std::map<std::string, std::string>& variables,
                 const std::string& input) {
    sigset_t pipe_signal;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    check(pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr), "pthread_sigmask");
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) check(errno, "pipe");
    const auto [read_end, write_end] = ends;
    pid_t child = 0;
    try {
        child = spawn(command, variables, read_end);
    } catch (...) {
        close(read_end);
        close(write_end);
        throw;
    }
    close(read_end);
    std::size_t done = 0;
    while (done < input.size()) {
        const ssize_t count = write(write_end, input.data() + done, input.size() - done);
        if (count < 0 && errno != EINTR) break;  // a command need not read its input
        if (count > 0) done += static_cast<std::size_t>(count);
    }
    close(write_end);
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) check(errno, "waitpid");
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace electiond::ctl
