// electiond's command line: its options, and the combinations that are refused.
#include "command_line.h"

#include <iostream>
#include <string_view>
#include <system_error>

#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/Option.h>
#include <Poco/Util/OptionException.h>
#include <Poco/Util/OptionProcessor.h>

#include "settings/schema.h"

namespace electiond {

namespace fs = std::filesystem;

namespace {

constexpr char kFooter[] =
    "Without an option electiond runs the node in the foreground, and logs to standard error.\n\n"
    "Two commands change a stopped node permanently. They ask for confirmation first.\n\n"
    "recover: run it if a majority of the voters is lost for good, on ONE survivor only. This node "
    "becomes the only voter of its cluster and leads alone; the other survivors then join it. The "
    "command asks the other voters first, and refuses while a quorum answers. With --claim: run it "
    "if the registry's claim names a node that was lost before another node joined it. This node "
    "takes the claim over, and founds the cluster.\n\n"
    "rejoin: the node gives up its membership, and joins as a new member at its next start. What "
    "it has promised to other nodes still holds.\n\n"
    "Exit codes: 0 done; 1 recover, rejoin: refused, or not confirmed; 64 bad usage; 65 the data "
    "directory is in use, belongs to another node, or cannot be read; 69 recover, --probe: a node "
    "or a discovery does not answer, or cannot be used; 70 a bug; 71 the operating system (a port, "
    "a child process, a pid file, the CPU time limit); 74 the disk; 78 the configuration.";

// One action at a time; only --print-config goes with --check.
std::string two_actions(const std::map<std::string, std::string>& given) {
    std::vector<std::string> actions;
    for (const auto* action : {"check", "print-config", "list-plugins", "version"}) {
        if (given.contains(action)) actions.emplace_back(action);
    }
    if (actions.size() < 2 || actions == std::vector<std::string>{"check", "print-config"}) {
        return "";
    }
    return "--" + actions[0] + " and --" + actions[1] + " are given: give only one of them";
}

// Offline commands can't be undone, so they accept no option that could be a mistake.
std::string misused(const CommandLine& line) {
    const auto& [given, verbs] = line;
    if (given.contains("help")) return "";
    if (verbs.size() > 1) return "give only one of recover and rejoin";
    for (const auto& [option, value] : given) {
        const bool offline = option == "yes" || option == "claim" || option == "force";
        if (verbs.empty() && offline)
            return "--" + option + " is only for recover" + (option == "yes" ? " and rejoin" : "");
        if (!verbs.empty() && !offline && option != "config") {
            return "--" + option + " cannot be combined with " + verbs.front();
        }
    }
    for (const auto* option : {"claim", "force"}) {
        if (given.contains(option) && verbs.front() == "rejoin") {
            return "--" + std::string(option) + " is only for recover";
        }
    }
    for (const auto* action : {"check", "print-config", "list-plugins", "version"}) {
        // A background process has no terminal, and returns 0 before the result is known.
        if (given.contains("daemon") && given.contains(action)) {
            return std::string("--daemon cannot be combined with --") + action;
        }
    }
    if (given.contains("probe") && !given.contains("check")) return "--probe is only for --check";
    return two_actions(given);
}

// Checks values that POCO does not check.
std::string misvalued(const CommandLine& line) {
    for (const auto& [option, value] : line.given) {
        const bool file = option == "config" || option == "pidfile";
        if (file && value.empty()) return "--" + option + " needs the name of a file";
        if (option == "umask" && (value.empty() || value.size() > 4 ||
                                  value.find_first_not_of("01234567") != std::string::npos)) {
            return "--umask " + value + ": expected up to four octal digits, as in 027";
        }
    }
    return "";
}

}  // namespace

void add_options(Poco::Util::OptionSet& options) {
    using Poco::Util::Option;
    options.addOption(
        Option("config", "c",
               "the configuration of this node (YAML). Default: the file that ELECTIOND_CONFIG "
               "names, else " +
                   std::string(kDefaultConfig) +
                   "; without a file the variables ELECTIOND_... alone")
            .argument("file"));
    options.addOption(Option("check", "",
                             "check the configuration, plugins and files, and print every fault; "
                             "changes nothing"));
    options.addOption(Option("probe", "",
                             "with check: also bind the ports for a moment, resolve names, and ask "
                             "the other nodes"));
    options.addOption(
        Option("print-config", "", "print the configuration, and where each value comes from"));
    options.addOption(Option("list-plugins", "", "list the plugins that electiond finds"));
    options.addOption(Option("claim", "", "with recover: take over the claim of a lost node"));
    options.addOption(Option("force", "",
                             "with recover: do it even if a quorum answers, or if no node can be "
                             "asked"));
    options.addOption(Option("yes", "", "with recover and rejoin: do not ask for confirmation"));
    options.addOption(
        Option("pidfile", "", "write the process id to the file while the daemon runs")
            .argument("path"));
    options.addOption(Option("version", "", "print the version"));
    options.addOption(Option("help", "h", "print this help"));
    options.addOption(Option("daemon", "", "run in the background"));
    options.addOption(
        Option("umask", "", "the daemon's umask (octal, as in 027)").argument("mask"));
}

CommandLine read_command_line(int argc, char** argv) {
    Poco::Util::OptionSet options;
    add_options(options);
    Poco::Util::OptionProcessor processor(options);
    CommandLine line;
    for (int i = 1; i < argc; ++i) {
        std::string name;
        std::string value;
        const std::string_view word(argv[i]);
        if (word == "recover" || word == "rejoin") {
            line.verbs.emplace_back(word);
            continue;
        }
        if (!processor.process(argv[i], name, value)) {
            throw Poco::Util::UnknownOptionException(argv[i]);
        }
        if (!name.empty()) line.given[name] = value;
    }
    processor.checkRequired();
    return line;
}

std::string misuse(const CommandLine& line) {
    auto why = misvalued(line);
    return why.empty() ? misused(line) : why;
}

fs::path config_file(const std::string& given, const char* from_environment,
                     const fs::path& default_file) {
    if (!given.empty()) return fs::absolute(given);
    if (from_environment != nullptr && *from_environment != '\0') {
        return fs::absolute(from_environment);
    }
    // On an error the file counts as present: reading it reports why it fails.
    std::error_code failed;
    const auto found = fs::symlink_status(default_file, failed);
    return found.type() == fs::file_type::not_found ? fs::path() : default_file;
}

std::optional<ConfigSource> config_source(const std::string& given, const Environment& env,
                                          const fs::path& default_file) {
    const auto named = env.find("ELECTIOND_CONFIG");
    const auto file =
        config_file(given, named == env.end() ? nullptr : named->second.c_str(), default_file);
    if (!file.empty()) return ConfigSource::of_file(file);
    if (!sets_a_key(env)) return std::nullopt;
    return ConfigSource{{}, fs::current_path()};
}

std::string no_config_source() {
    return std::string("--config FILE is missing, ELECTIOND_CONFIG is not set, ") + kDefaultConfig +
           " does not exist, and no variable such as ELECTIOND_NODE_DATA_DIR configures a node; "
           "electiond --help shows all options";
}

void print_help(const Poco::Util::OptionSet& options) {
    Poco::Util::HelpFormatter formatter(options);
    formatter.setCommand("electiond");
    formatter.setUsage("[recover|rejoin] [--config FILE] [OPTION]");
    formatter.setHeader("Runs one node of a cluster whose nodes elect a leader.");
    formatter.setFooter(kFooter);
    formatter.setUnixStyle(true);
    formatter.setWidth(80);
    formatter.format(std::cout);
}

}  // namespace electiond
