// electiond: starts the program, after what must come before the first thread.
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>

#include "bounded_write.h"
#include "common/standard_streams.h"
#include "host/probe.h"
#include "init.h"
#include "program.h"
#include "signals.h"

namespace {

constexpr int kBroken = 70;
constexpr std::array kCrashes = {SIGSEGV, SIGBUS, SIGILL, SIGSYS};

int run(int argc, char** argv) {
    if (argc == 3 && std::strcmp(argv[1], electiond::kProbeOption) == 0) {
        return electiond::probe_plugin(argv[2]);
    }
    electiond::block_signals();
    const bool as_pid_1 = ::getpid() == 1;  // run_as_init() goes on in a child
    if (const auto code = electiond::run_as_init()) return *code;
    electiond::bound_terminate();
    const electiond::BoundedErrors errors;
    if (const int code = electiond::Program::check_words(argc, argv, as_pid_1)) return code;
    // POCO turns a crash into an abort: restore the real signal, which is needed to find the cause.
    std::array<struct sigaction, kCrashes.size()> before{};
    for (std::size_t i = 0; i < kCrashes.size(); ++i) sigaction(kCrashes[i], nullptr, &before[i]);
    electiond::Program program;
    for (std::size_t i = 0; i < kCrashes.size(); ++i) sigaction(kCrashes[i], &before[i], nullptr);
    return program.run(argc, argv);
}

int broken(const char* what) {
    std::fprintf(stderr, "electiond: %s; this is a bug, please report it\n", what);
    return kBroken;
}

}  // namespace

int main(int argc, char** argv) {
    electiond::open_missing_streams();
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        return broken(error.what());
    } catch (...) {
        return broken("an exception of an unknown kind");
    }
}
