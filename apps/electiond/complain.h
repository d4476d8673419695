// Messages to the caller of the program.
#pragma once

#include <string>

#include <electiond/log.h>

namespace electiond {

// Prints `text` to standard error, with the program's name in front. If standard error leads to the
// journal, each line becomes an entry and begins with its priority.
void complain(const std::string& text, LogLevel level = LogLevel::error);

}  // namespace electiond
