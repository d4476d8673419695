// Parses and checks the command line.
#include "electionctl/arguments.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "electionctl/endpoint.h"
#include "electionctl/help.h"

namespace electiond::ctl {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<std::string> parse_endpoints(const std::string& list, Scheme bare) {
    std::vector<std::string> endpoints;
    std::istringstream parts(list);
    for (std::string part; std::getline(parts, part, ',');) {
        endpoints.push_back(parse_endpoint(trimmed(part), bare));
    }
    if (endpoints.empty()) throw UsageError("the list of endpoints is empty");
    return endpoints;
}

// A token with a line break could add headers to the request.
std::string checked_token(const std::string& text, const std::string& where) {
    std::string token = trimmed(text);
    const auto plain = [](char c) { return c > ' ' && c < 127; };
    if (token.empty()) throw UsageError(where + " holds no token");
    if (!std::ranges::all_of(token, plain)) {
        throw UsageError(where + " must hold one line of printable ASCII without spaces");
    }
    return token;
}

std::string read_token_file(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf())) {
        throw UsageError("cannot read the token file " + path +
                         ": check that it exists, is not empty and that you may read it");
    }
    return checked_token(text.str(), "the token file " + path);
}

int parse_count(const std::string& text) {
    int count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size() || count < 1) {
        throw UsageError("--count " + text + ": expected a number from 1");
    }
    return count;
}

// Takes the words one after the other; the first word that is not an option is the verb, the others
// are its operands.
class Reader {
  public:
    explicit Reader(const std::vector<std::string>& words) : words_(words) {}

    Arguments read() {
        bool options_end = false;
        for (; next_ < words_.size(); ++next_) {
            const std::string& word = words_[next_];
            if (!options_end && word == "--") {
                options_end = true;
            } else if (!options_end && word.size() > 1 && word.front() == '-') {
                option(word);
            } else if (result_.verb.empty()) {
                result_.verb = word;
            } else {
                result_.operands.push_back(word);
            }
        }
        return result_;
    }

    // The options seen that only some verbs have.
    std::vector<std::string> special;
    // The value of --endpoint, parsed last: the files for TLS decide its scheme, and may come after
    // it.
    std::optional<std::string> endpoints;

  private:
    void option(const std::string& word) {
        const auto equals = word.starts_with("--") ? word.find('=') : std::string::npos;
        const std::string name = word.substr(0, equals);
        inline_value_.reset();
        if (equals != std::string::npos) inline_value_ = word.substr(equals + 1);
        if (flag(name)) {
            if (inline_value_) throw UsageError(name + " takes no value");
        } else if (!valued(name)) {
            throw UsageError("unknown option " + name + "; electionctl --help lists them");
        } else if (!given_.insert(canonical(name)).second) {
            throw UsageError(
                name + " is given twice: give it once" +
                (canonical(name) == "--endpoint" ? ", with commas between endpoints" : ""));
        }
    }

    static std::string canonical(const std::string& name) {
        if (name == "--endpoints") return "--endpoint";
        return name == "-o" ? "--output" : name;
    }

    // The flag of this name that only some verbs take; null if it is another option.
    bool* special_flag(const std::string& name) {
        if (name == "--me") return &result_.me;
        if (name == "--once") return &result_.once;
        if (name == "--yes") return &result_.yes;
        if (name == "--dry-run") return &result_.dry_run;
        return nullptr;
    }

    bool flag(const std::string& name) {
        if (name == "-h" || name == "--help") {
            result_.help = true;
        } else if (name == "--version") {
            result_.version = true;
        } else if (bool* chosen = special_flag(name)) {
            *chosen = true;
            special.push_back(name);
        } else {
            return false;
        }
        return true;
    }

    bool valued(const std::string& name) {
        if (name == "--endpoint" || name == "--endpoints") {
            endpoints = value(name);
        } else if (name == "-o" || name == "--output") {
            result_.output = parse_output(value(name));
        } else if (name == "--timeout") {
            result_.timeout = parse_duration(value(name));
        } else if (name == "--token-file") {
            result_.token = read_token_file(value(name));
        } else if (name == "--cacert") {
            result_.tls.cacert = value(name);
        } else if (name == "--cert") {
            result_.tls.cert = value(name);
        } else if (name == "--key") {
            result_.tls.key = value(name);
        } else if (name == "--to") {
            result_.to = value(name);
        } else if (name == "--exec") {
            result_.exec = value(name);
        } else if (name == "--count") {
            result_.count = parse_count(value(name));
        } else {
            return false;
        }
        if (name == "--to" || name == "--exec" || name == "--count") special.push_back(name);
        return true;
    }

    std::string value(const std::string& name) {
        if (!inline_value_ && next_ + 1 < words_.size()) inline_value_ = words_[++next_];
        if (!inline_value_ || inline_value_->empty()) throw UsageError(name + " needs a value");
        return *inline_value_;
    }

    const std::vector<std::string>& words_;
    std::size_t next_ = 0;
    std::set<std::string> given_;  // the options with a value
    std::optional<std::string> inline_value_;
    Arguments result_;
};

void check_members(const Arguments& arguments) {
    const auto& operands = arguments.operands;
    if (operands.empty()) return;
    if (operands.size() == 2 && operands[0] == "remove" && !operands[1].empty()) return;
    if (operands.size() != 1 || operands[0] != "leave") {
        throw UsageError("members takes no argument, or remove ID (or UUID), or leave");
    }
}

// --yes and --dry-run are options of members only with some of its operands.
void check_options_of_members(const Arguments& arguments) {
    const auto& operands = arguments.operands;
    if (arguments.yes && operands.empty()) {
        throw UsageError("--yes is only for members remove and members leave");
    }
    if (arguments.dry_run && (operands.empty() || operands[0] != "remove")) {
        throw UsageError("--dry-run is only for members remove");
    }
}

// The verb, if it is about one node; empty if any node may answer. With several endpoints a failed
// first try would reach the next node: it would answer, or even leave the cluster.
std::string about_one_node(const Arguments& arguments) {
    if (arguments.verb == "is-leader" || arguments.verb == "reload") return arguments.verb;
    if (arguments.me) return arguments.verb + " --me";
    if (arguments.exec) return arguments.verb + " --exec";
    if (arguments.verb == "members" && arguments.operands == std::vector<std::string>{"leave"}) {
        return "members leave";
    }
    return "";
}

void check(const Arguments& arguments, const std::vector<std::string>& special) {
    const std::string& name = arguments.verb;
    if (name.empty()) throw UsageError("no verb given; electionctl --help lists them");
    if (name == "explain" || name == "run") {
        throw UsageError(name + " is not built yet");
    }
    const VerbHelp* verb = find_verb(name);
    if (!verb) throw UsageError("unknown verb " + name + "; electionctl --help lists them");
    if (verb->local) throw UsageError(name + " asks no node, so it must be the first word");
    for (const std::string& option : special) {
        if (verb->options.find(" " + option + " ") == std::string_view::npos) {
            throw UsageError(option + " is not an option of " + name + "; see electionctl " + name +
                             " --help");
        }
    }
    if (arguments.operands.size() > verb->operands_max) {
        throw UsageError("too many arguments after " + name + ": " + arguments.operands.back());
    }
    if (name == "members") {
        check_members(arguments);
        check_options_of_members(arguments);
    }
    const std::string one = about_one_node(arguments);
    if (!one.empty() && arguments.endpoints.size() != 1) {
        throw UsageError(
            one + " concerns one node, but " + std::to_string(arguments.endpoints.size()) +
            " endpoints are given: name only that node with --endpoint (it takes precedence over "
            "ELECTIONCTL_ENDPOINTS); electionctl leader asks all of them who leads");
    }
}

// The files for TLS, then the endpoints, since these files decide how an endpoint without a scheme
// is asked.
void take_endpoints(Arguments& arguments, const std::filesystem::path& default_socket,
                    const std::optional<std::string>& given) {
    TlsFiles& files = arguments.tls;
    const bool by_option = files.any();
    if (files.cacert.empty()) files.cacert = environment("ELECTIONCTL_CACERT");
    if (files.cert.empty()) files.cert = environment("ELECTIONCTL_CERT");
    if (files.key.empty()) files.key = environment("ELECTIONCTL_KEY");
    if (files.cert.empty() && !files.key.empty()) {
        throw UsageError(
            "--key (or ELECTIONCTL_KEY) names the key of a certificate: name the certificate, too, "
            "with --cert");
    }
    const Scheme bare = files.any() ? Scheme::https : Scheme::http;
    const std::string list = given.value_or(environment("ELECTIONCTL_ENDPOINTS"));
    arguments.endpoints = list.empty() && !given
                              ? std::vector{default_endpoint(default_socket, bare)}
                              : parse_endpoints(list, bare);
    const auto plain = std::ranges::find_if(arguments.endpoints, [](const std::string& endpoint) {
        return !is_https(endpoint) && !socket_path(endpoint);
    });
    if (by_option && plain != arguments.endpoints.end()) {
        throw UsageError("--cacert, --cert and --key are for https, and the endpoint " + *plain +
                         " is plain text: write " + with_scheme(*plain, Scheme::https) +
                         ", or leave them out");
    }
}

}  // namespace

Output parse_output(const std::string& text) {
    if (text == "table") return Output::table;
    if (text == "json") return Output::json;
    throw UsageError("--output " + text + ": expected table or json");
}

std::chrono::milliseconds parse_duration(const std::string& text) {
    struct Unit {
        std::string_view name;
        long long milliseconds;
    };
    constexpr Unit kUnits[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
    constexpr long long kMost = 24LL * 3'600'000;
    long long number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    for (const auto& [name, milliseconds] : kUnits) {
        if (error != std::errc() || std::string_view(rest, end) != name) continue;
        if (number > 0 && number <= kMost / milliseconds) {
            return std::chrono::milliseconds(number * milliseconds);
        }
    }
    throw UsageError("'" + text +
                     "' is not a duration: expected a whole number with its unit, as in 500ms, "
                     "30s, 2m, up to 24h");
}

Arguments parse_arguments(const std::vector<std::string>& words,
                          const std::filesystem::path& default_socket) {
    Reader reader(words);
    Arguments arguments = reader.read();
    if (arguments.verb == "help" && arguments.operands.size() <= 1) {
        arguments.help = true;
        arguments.verb = arguments.operands.empty() ? "" : arguments.operands[0];
        arguments.operands.clear();
    }
    if (arguments.version || (arguments.help && arguments.verb.empty())) return arguments;
    take_endpoints(arguments, default_socket, reader.endpoints);
    if (arguments.token.empty()) {
        const std::string token = environment("ELECTIONCTL_TOKEN");
        if (!token.empty()) arguments.token = checked_token(token, "ELECTIONCTL_TOKEN");
    }
    if (!arguments.help) check(arguments, reader.special);
    if (arguments.help && !find_verb(arguments.verb)) {
        throw UsageError("unknown verb " + arguments.verb + "; electionctl --help lists them");
    }
    return arguments;
}

}  // namespace electiond::ctl
