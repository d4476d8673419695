// Messages to whoever called the program.
#pragma once

#include <string>

#include <electiond/log.h>

namespace electiond {

// To standard error, each line of `text` on a line of its own, with the program's name in front of
// the text. In the journal each line is an entry, whose priority stands in front of it.
void complain(const std::string& text, LogLevel level = LogLevel::error);

}  // namespace electiond
