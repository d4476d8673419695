// Finds the reason why a file cannot be executed, as a clause for a message.
#pragma once

#include <string>

namespace electiond::discovery {

struct ProgramFault {
    // Continues "PROGRAM ": "does not exist; …", with the remedy. Empty: nothing was found.
    std::string text{};
    // False if it may work nevertheless: the kernel may know other kinds of programs.
    bool certain = true;
};

// Checks the file and, if it is a script, the interpreter in its first line, as the effective user.
// Executes and changes nothing. Blocks while the file system does not answer. Any thread.
[[nodiscard]] ProgramFault fault_of_program(const std::string& path);

}  // namespace electiond::discovery
