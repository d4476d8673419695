// Asks for confirmation before a change that cannot be undone.
#include "electionctl/confirm.h"

#include <unistd.h>

#include <iostream>
#include <ostream>

namespace electiond::ctl {

bool confirmed(const Session& session, const std::string& what) {
    if (session.arguments.yes || isatty(STDIN_FILENO) == 0 || isatty(STDERR_FILENO) == 0) {
        return true;
    }
    session.err << what << "\nContinue? Type yes: " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer == "yes") return true;
    session.err << "Nothing was changed.\n";
    return false;
}

}  // namespace electiond::ctl
