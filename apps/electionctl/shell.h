// Runs a command by the shell.
#pragma once

#include <map>
#include <string>

namespace electiond::ctl {

// Runs `sh -c command` with these variables added to the environment and `input` on its stdin, and
// waits for it. Returns its exit code, 128+n where signal n ended it. Throws std::system_error.
int run_in_shell(const std::string& command, const std::map<std::string, std::string>& variables,
                 const std::string& input);

}  // namespace electiond::ctl
