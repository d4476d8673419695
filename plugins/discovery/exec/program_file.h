// Why a file cannot be run as a program, in words.
#pragma once

#include <string>

namespace electiond::discovery {

struct ProgramFault {
    // Continues "PROGRAM ": "does not exist; …", with the remedy. Empty: nothing was found.
    std::string text{};
    // False if it may work nevertheless: the kernel may know more kinds of programs than we do.
    bool certain = true;
};

// Looks at the file and, of a script, at the interpreter in its first line, for the effective user.
// Runs and changes nothing. Blocks for the file system. Any thread.
[[nodiscard]] ProgramFault fault_of_program(const std::string& path);

}  // namespace electiond::discovery
