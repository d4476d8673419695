// Reads and checks the command line after `electionctl plugin`.
#include "electionctl/plugin_arguments.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "electionctl/arguments.h"
#include "electionctl/local_words.h"

namespace electiond::ctl {
namespace {

constexpr LocalForm kForms[] = {
    {"check", " --option --config --case --timeout --kit ", " --tap --json --strict --verbose "},
    {"cases", " --kit "},
    {"new", " --kind --directory "}};

void check_kind(const std::string& what, const std::string& kind) {
    if (kind == "discovery" || kind == "transport") return;
    throw UsageError(what + (kind.empty() ? "" : " " + kind) + ": expected discovery or transport");
}

// The name becomes a file, a CMake target, and a part of the source.
void check_name(const std::string& name) {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
    const bool good =
        !name.empty() && name.size() <= 64 &&
        kLetters.find(name.front()) != std::string_view::npos &&
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
    constexpr std::string_view kTargets[] = {"all",     "clean",      "edit_cache",   "help",
                                             "install", "preinstall", "rebuild_cache"};
    if (std::ranges::find(kTargets, name) != std::end(kTargets)) {
        throw UsageError("plugin new '" + name +
                         "': CMake has a target of this name; expected another name");
    }
    if (!good) {
        throw UsageError("plugin new '" + name +
                         "': expected a name of a-z, 0-9 and _, beginning with a letter, of at "
                         "most 64 characters");
    }
}

class Reader {
  public:
    explicit Reader(LocalWords words) : words_(std::move(words)) {}

    PluginArguments read() {
        result_.verb = words_.verb;
        if (result_.verb.empty()) return {};
        for (const auto& [name, value] : words_.options) {
            if (value) {
                take(name, *value);
            } else {
                flag(name);
            }
        }
        finish();
        return std::move(result_);
    }

  private:
    void flag(const std::string& name) {
        if (name == "--strict") {
            result_.strict = true;
        } else if (name == "--verbose") {
            result_.verbose = true;
        } else {
            if (!format_.empty() && format_ != name) {
                throw UsageError("--tap and --json: one at a time");
            }
            format_ = name;
            result_.format =
                name == "--json" ? PluginArguments::Format::json : PluginArguments::Format::tap;
        }
    }

    void take(const std::string& name, const std::string& value) {
        const bool many = name == "--option" || name == "--case";
        if (!many && !given_.insert(name).second) {
            throw UsageError(name + " is given twice: give it once");
        }
        if (name == "--option") {
            if (value.find('=') == std::string::npos || value.front() == '=') {
                throw UsageError("--option " + value + ": expected KEY=VALUE");
            }
            result_.options.push_back(value);
        } else if (name == "--config") {
            result_.config = value;
        } else if (name == "--case") {
            result_.cases.push_back(value);
        } else if (name == "--timeout") {
            result_.timeout = parse_duration(value);
        } else if (name == "--kit") {
            result_.kit = value;
        } else if (name == "--kind") {
            result_.kind = value;
        } else {
            result_.directory = value;
        }
    }

    void finish() {
        const std::string expected = result_.verb == "check"   ? "the FILE of a plugin"
                                     : result_.verb == "cases" ? "discovery or transport"
                                                               : "the NAME of a new plugin";
        if (words_.operands.size() != 1 || words_.operands.front().empty()) {
            throw UsageError("plugin " + result_.verb + " takes " + expected);
        }
        if (result_.verb == "check") {
            result_.file = words_.operands.front();
        } else if (result_.verb == "cases") {
            result_.kind = words_.operands.front();
            check_kind("plugin cases", result_.kind);
        } else {
            result_.name = words_.operands.front();
            check_name(result_.name);
            check_kind("plugin new " + result_.name + " --kind", result_.kind);
        }
    }

    const LocalWords words_;
    std::string format_;
    std::set<std::string> given_;  // the options that may be given once, so far
    PluginArguments result_;
};

}  // namespace

PluginArguments parse_plugin_arguments(const std::vector<std::string>& words) {
    return Reader(read_local_words("plugin", "check, cases or new", kForms, words)).read();
}

}  // namespace electiond::ctl
