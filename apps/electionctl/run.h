// The whole program as a function, so that tests can run it.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "electionctl/endpoint.h"

namespace electiond::ctl {

// Parses `words`, the command line without the program's name, and carries it out; returns the exit
// code. Throws nothing: errors are printed to `err`. Reads the environment variables
// ELECTIONCTL_ENDPOINTS, _TOKEN, _CACERT, _CERT, _KEY. `default_socket` is the endpoint if none is
// named and this file exists.
int run(const std::vector<std::string>& words, std::ostream& out, std::ostream& err,
        const std::filesystem::path& default_socket = kDefaultSocket) noexcept;

}  // namespace electiond::ctl
