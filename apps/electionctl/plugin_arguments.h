// Reads and checks the command line after `electionctl plugin`.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace electiond::ctl {

struct PluginArguments {
    enum class Format { tap, json };

    std::string verb{};  // check, cases, new; empty: help

    // check
    std::filesystem::path file{};
    std::vector<std::string> options{};  // KEY=VALUE, as given
    std::string config{};
    std::vector<std::string> cases{};  // empty: all
    Format format = Format::tap;
    std::chrono::milliseconds timeout{60'000};  // of one case
    bool strict = false;
    bool verbose = false;

    // check and cases
    std::filesystem::path kit{};  // empty: to be found

    // cases and new
    std::string kind{};  // discovery, transport

    // new
    std::string name{};
    std::filesystem::path directory{};  // empty: ./NAME
};

// `words` are those after `plugin`. Throws UsageError.
[[nodiscard]] PluginArguments parse_plugin_arguments(const std::vector<std::string>& words);

}  // namespace electiond::ctl
