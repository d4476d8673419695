// Runs a command line to its end, for tests.
#pragma once

#include <chrono>
#include <string>

#include <io/child.h>

namespace electiond::io {

struct ShellResult {
    int code = -1;  // -1: it did not end within two minutes, and was killed
    std::string output;
};

// By /bin/sh; standard input is empty, both outputs are one text.
inline ShellResult run_in_shell(const std::string& command) {
    Child child({.command = {"/bin/sh", "-c", command},
                 .out = Output::captured(),
                 .err = Output::captured()});
    const auto ended = child.wait(std::chrono::minutes(2));
    return {ended ? ended->as_shell() : -1, child.output()};
}

}  // namespace electiond::io
