// The parsed and checked command line.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "electionctl/credentials.h"

namespace electiond::ctl {

enum class Output { table, json };

struct Arguments {
    std::string verb;                    // empty if only help or the version is requested
    std::vector<std::string> operands;   // the words after the verb, as in: members remove 3
    std::vector<std::string> endpoints;  // at least one, in the form that parse_endpoint returns
    Output output = Output::table;
    std::string token;  // empty: none is sent
    TlsFiles tls;       // for https; not read yet
    std::optional<std::chrono::milliseconds> timeout;
    std::optional<std::string> to;    // step-down
    std::optional<std::string> exec;  // watch
    std::optional<int> count;         // watch
    bool me = false;                  // wait-leader
    bool once = false;                // top
    bool yes = false;                 // members remove, members leave: do not ask
    bool dry_run = false;             // reload, members remove
    bool help = false;
    bool version = false;
};

// The command line is wrong; the text has the reason and the remedy.
class UsageError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// Throws UsageError. Reads the token file and, for missing options, the environment. If neither
// names an endpoint, `default_socket` decides (default_endpoint).
[[nodiscard]] Arguments parse_arguments(const std::vector<std::string>& words,
                                        const std::filesystem::path& default_socket);

// "table" or "json". Throws UsageError.
[[nodiscard]] Output parse_output(const std::string& text);

// "150ms", "2s", "1m", "1h"; a bare number is refused, as everywhere in electiond. Throws
// UsageError.
[[nodiscard]] std::chrono::milliseconds parse_duration(const std::string& text);

}  // namespace electiond::ctl
