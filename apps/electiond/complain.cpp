// Messages to the caller of the program.
#include "complain.h"

#include <unistd.h>

#include <iostream>

#include "journal_entry.h"

namespace electiond {

void complain(const std::string& text, LogLevel level) {
    std::string lines = "electiond: " + text;
    if (is_journal(STDERR_FILENO)) lines = with_priorities(lines, level);
    std::cerr << lines << std::endl;
}

}  // namespace electiond
