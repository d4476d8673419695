// Reads and checks the command line after `electionctl plugin`.
#include "electionctl/plugin_arguments.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "electionctl/arguments.h"

namespace electiond::ctl {
namespace {

constexpr std::string_view kVerbs = "check, cases or new";

// Which options each verb has, each with a space around it.
struct Form {
    std::string_view verb, options;
};
constexpr Form kForms[] = {
    {"check", " --option --config --tap --json --case --timeout --strict --verbose --kit "},
    {"cases", " --kit "},
    {"new", " --kind --directory "}};

void check_kind(const std::string& what, const std::string& kind) {
    if (kind == "discovery" || kind == "transport") return;
    throw UsageError(what + (kind.empty() ? "" : " " + kind) + ": expected discovery or transport");
}

// It becomes a file, a CMake target, and a part of the source.
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
    explicit Reader(const std::vector<std::string>& words) : words_(words) {}

    PluginArguments read() {
        bool options_end = false;
        for (; next_ < words_.size(); ++next_) {
            const auto& word = words_[next_];
            if (!options_end && word == "--") {
                options_end = true;
            } else if (!options_end && word.size() > 1 && word.front() == '-') {
                option(word);
            } else if (form_ == nullptr) {
                begin(word);
            } else {
                operands_.push_back(word);
            }
        }
        if (help_) return {};
        if (form_ == nullptr) throw UsageError("plugin needs a verb: " + std::string(kVerbs));
        finish();
        return std::move(result_);
    }

  private:
    void begin(const std::string& verb) {
        form_ = std::ranges::find(kForms, verb, &Form::verb);
        if (form_ == std::end(kForms)) {
            throw UsageError("unknown verb plugin " + verb + ": expected " + std::string(kVerbs));
        }
        result_.verb = verb;
    }

    void option(const std::string& word) {
        const auto equals = word.starts_with("--") ? word.find('=') : std::string::npos;
        const auto name = word.substr(0, equals);
        inline_value_.reset();
        if (equals != std::string::npos) inline_value_ = word.substr(equals + 1);
        if (name == "-h" || name == "--help") {
            help_ = true;
            return;
        }
        if (form_ == nullptr || form_->options.find(" " + name + " ") == std::string_view::npos) {
            throw UsageError(name + " is not an option of plugin" +
                             (form_ == nullptr ? "" : " " + result_.verb) +
                             ", which asks no node; see electionctl plugin --help");
        }
        if (name == "--tap" || name == "--json" || name == "--strict" || name == "--verbose") {
            if (inline_value_) throw UsageError(name + " takes no value");
            flag(name);
        } else {
            take(name, value(name));
        }
    }

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

    std::string value(const std::string& name) {
        if (!inline_value_ && next_ + 1 < words_.size()) inline_value_ = words_[++next_];
        if (!inline_value_ || inline_value_->empty()) throw UsageError(name + " needs a value");
        return *inline_value_;
    }

    void finish() {
        const std::string expected = result_.verb == "check"   ? "the FILE of a plugin"
                                     : result_.verb == "cases" ? "discovery or transport"
                                                               : "the NAME of a new plugin";
        if (operands_.size() != 1 || operands_.front().empty()) {
            throw UsageError("plugin " + result_.verb + " takes " + expected);
        }
        if (result_.verb == "check") {
            result_.file = operands_.front();
        } else if (result_.verb == "cases") {
            result_.kind = operands_.front();
            check_kind("plugin cases", result_.kind);
        } else {
            result_.name = operands_.front();
            check_name(result_.name);
            check_kind("plugin new " + result_.name + " --kind", result_.kind);
        }
    }

    const std::vector<std::string>& words_;
    std::size_t next_ = 0;
    const Form* form_ = nullptr;
    bool help_ = false;
    std::string format_;
    std::set<std::string> given_;  // the options that may be given once, so far
    std::optional<std::string> inline_value_;
    std::vector<std::string> operands_;
    PluginArguments result_;
};

}  // namespace

PluginArguments parse_plugin_arguments(const std::vector<std::string>& words) {
    return Reader(words).read();
}

}  // namespace electiond::ctl
