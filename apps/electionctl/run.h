// The whole program as a function, so that tests can run it.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace electiond::ctl {

// Parses and does what the words ask for (without the program's own name); returns the exit code.
// Throws nothing: what goes wrong is said on `err`. Reads ELECTIONCTL_ENDPOINTS, ELECTIONCTL_TOKEN.
int run(const std::vector<std::string>& words, std::ostream& out, std::ostream& err) noexcept;

}  // namespace electiond::ctl
