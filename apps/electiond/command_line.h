// electiond's command line: its options, and the combinations that are refused.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <Poco/Util/OptionSet.h>

#include "settings/settings.h"

namespace electiond {

// Adds every option, with its text for --help.
void add_options(Poco::Util::OptionSet& options);

struct CommandLine {
    std::map<std::string, std::string> given;  // option -> its value; "" if it has none
    std::vector<std::string> verbs;            // recover, rejoin
};

// Throws Poco::Exception if a word is neither an option nor a verb, or if a value is missing.
[[nodiscard]] CommandLine read_command_line(int argc, char** argv);

// The reason why this command line is refused, as a clause with the remedy; empty if it is
// accepted.
[[nodiscard]] std::string misuse(const CommandLine& line);

// The configuration file if neither --config nor ELECTIOND_CONFIG is given. The unit
// electiond.service uses it.
inline constexpr char kDefaultConfig[] = "/etc/electiond/electiond.yaml";

// The absolute path of the configuration: `given` (the value of --config), else `from_environment`
// (the value of ELECTIOND_CONFIG, null if it is not set), else `default_file` if that path exists;
// "" if there is none. An empty text counts as not given.
[[nodiscard]] std::filesystem::path config_file(
    const std::string& given, const char* from_environment,
    const std::filesystem::path& default_file = kDefaultConfig);

// The source of the configuration: the file that config_file() finds; without a file, the
// environment if it sets a key. Relative paths in the environment start at the working directory.
// nullopt if there is neither.
[[nodiscard]] std::optional<ConfigSource> config_source(
    const std::string& given, const Environment& env,
    const std::filesystem::path& default_file = kDefaultConfig);

// The message for the case that config_source() finds none, with the remedy.
[[nodiscard]] std::string no_config_source();

// Prints what --help prints to standard output.
void print_help(const Poco::Util::OptionSet& options);

}  // namespace electiond
