// The command line of electiond-kit, and its actions.
#include "words.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>

#include "host/probe.h"
#include "kit/run.h"
#include "settings/section.h"
#include "settings/yaml_document.h"

namespace electiond {
namespace {

constexpr int kUsage = 64;
constexpr std::string_view kList = "--cases", kTry = "--try";
constexpr char kCaseVariable[] = "KIT_CASE";

class Misuse : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

struct KitWords {
    std::string file, name;
    std::vector<std::string> options;  // KEY=VALUE
    std::string config;
    kit::Subject subject;
};

KitWords read(const std::vector<std::string>& words) {
    KitWords read;
    read.subject.folder = "/";
    if (words.size() % 2 != 0) throw Misuse(words.back() + " needs a value");
    for (std::size_t at = 0; at + 1 < words.size(); at += 2) {
        const auto& [option, value] = std::pair(words[at], words[at + 1]);
        if (option == kTry) {
            read.file = value;
        } else if (option == "--case") {
            read.name = value;
        } else if (option == "--option") {
            read.options.push_back(value);
        } else if (option == "--config") {
            read.config = value;
        } else if (option == "--directory") {
            read.subject.folder = std::filesystem::absolute(value);
        } else if (option == "--certificates") {
            read.subject.certificates = std::filesystem::absolute(value);
        } else {
            throw Misuse("unknown option " + option);
        }
    }
    if (read.name.empty()) throw Misuse(std::string(kTry) + " needs --case NAME");
    return read;
}

void add(std::vector<OptionEntry>& options, const std::string& key, const std::string& where,
         const Value& value) {
    if (value.kind == Value::Kind::broken) return;  // is a fault already
    std::erase_if(options, [&](const OptionEntry& entry) { return entry.key == key; });
    options.push_back({key, to_option(value, Naming::place), where});
}

void read_config(KitWords& words, const Environment& environment, Faults& faults) {
    constexpr std::uintmax_t kLargest = 1024 * 1024;
    std::error_code error;
    if (const auto size = std::filesystem::file_size(words.config, error);
        error || size > kLargest) {
        throw Misuse(words.config +
                     ": is not a regular file of at most 1 MiB; --config must name one");
    }
    std::ifstream file(words.config, std::ios::binary);
    if (!file) {
        throw Misuse(words.config + ": cannot be read; --config must name a readable file");
    }
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto name = std::filesystem::path(words.config).filename().string();
    const auto document = parse_yaml(text, {.name = name}, "", environment, faults);
    throw_if_any(faults.lines(), words.config);
    if (document.kind != Value::Kind::map && document.kind != Value::Kind::none) {
        throw Misuse(words.config +
                     ": is not a map; expected the plugin's own keys, as in "
                     "\"path: cluster.json\"");
    }
    for (const auto& [key, where, value] : document.map)
        add(words.subject.options, key, where, value);
}

void read_options(KitWords& words, const Environment& environment, Faults& faults) {
    for (const auto& given : words.options) {
        const auto equals = given.find('=');
        if (equals == std::string::npos || equals == 0) {
            throw Misuse("--option " + given + ": expected KEY=VALUE");
        }
        const auto key = given.substr(0, equals);
        const auto value =
            parse_yaml(given.substr(equals + 1), {.name = "--option " + key, .has_lines = false},
                       key, environment, faults);
        add(words.subject.options, key, "--option " + key, value);
    }
}

int list_cases(const std::vector<std::string>& words) {
    if (words.size() == 2) {
        for (const auto kind : {PluginKind::discovery, PluginKind::transport}) {
            if (words[1] != to_string(kind)) continue;
            kit::print_cases(kind, std::cout);
            if (!std::cout.flush()) return Error::disk;
            return 0;
        }
    }
    throw Misuse(std::string(kList) + " takes discovery or transport");
}

int try_case(const std::vector<std::string>& given) {
    auto words = read(given);
    Faults faults;
    auto environment = process_environment();
    environment[kCaseVariable] = words.name;
    if (!words.config.empty()) read_config(words, environment, faults);
    read_options(words, environment, faults);
    throw_if_any(faults.lines(), words.config);
    const int code = kit::try_plugin(words.file, words.name, words.subject);
    if (code == kUsage) throw Misuse("there is no case " + words.name);
    return code;
}

int run(const std::vector<std::string>& words) {
    const auto first = words.empty() ? std::string() : words.front();
    if (first == kList) return list_cases(words);
    if (first == kTry) return try_case(words);
    if (first == kProbeOption && words.size() == 2) return probe_plugin(words[1]);
    throw Misuse("electionctl plugin check runs this program; it takes " + std::string(kList) +
                 " KIND, " + kProbeOption + " FILE, or " + std::string(kTry) + " FILE --case NAME");
}

}  // namespace

int run_words(const std::vector<std::string>& words) {
    std::string misuse;
    try {
        return run(words);
    } catch (const Misuse& error) {
        misuse = error.what();
    } catch (const Error& error) {
        misuse = error.what();
    }
    std::ranges::replace(misuse, '\n', ' ');
    std::cout << "misuse: " << misuse << '\n' << std::flush;
    return kUsage;
}

}  // namespace electiond
