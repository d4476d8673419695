// The commands that a page of docs/ shows, run by a shell on this machine.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "folder.h"
#include "ports.h"
#include "process.h"

namespace electiond::cluster {

// The blocks of the page that are marked as `language`, in their order, without the indentation of
// a surrounding list.
inline std::vector<std::string> blocks(const std::string& page, const std::string& language) {
    std::vector<std::string> all;
    std::istringstream lines(read(std::string(ELECTIOND_PAGES "/") + page));
    std::optional<std::size_t> indentation;
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        const auto text = line.find_first_not_of(' ');
        const bool fence = text != std::string::npos && line.compare(text, 3, "```") == 0;
        if (!fence) {
            if (indentation) all.back() += line.substr(std::min(*indentation, line.size())) + "\n";
            continue;
        }
        inside = !inside;
        indentation.reset();
        if (!inside || line.substr(text + 3) != language) continue;
        indentation = text;
        all.emplace_back();
    }
    return all;
}

inline std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const auto& text : texts) all += text;
    return all;
}

// The pages' ports, 2450N to 2454N, become those of a test.
inline std::string with_ports(const std::string& commands, const Ports& ports) {
    const std::regex page_ports("245([0-4])");
    std::string result;
    auto from = commands.begin();
    for (std::sregex_iterator it(commands.begin(), commands.end(), page_ports), end; it != end;
         ++it) {
        result.append(from, commands.begin() + it->position());
        result += std::to_string(ports.first() / 10 + std::stoi((*it)[1]));
        from = commands.begin() + it->position() + it->length();
    }
    return result.append(from, commands.end());
}

// Runs the commands in the folder, with the built programs, until one fails; then ends all
// processes that they have started. No code: they did not end in time.
struct Shown {
    std::optional<int> code;
    std::string said;
};
inline Shown run_commands(const std::string& commands, const Folder& folder,
                          Milliseconds limit = std::chrono::seconds(100)) {
    const Ports ports;
    const auto* path = std::getenv("PATH");
    Process shell(
        {"/usr/bin/env",
         std::string("PATH=" ELECTIOND_BUILD "/bin:") + (path != nullptr ? path : "/bin"),
         "/bin/bash", "-ec", "cd " + folder.path().string() + "\n" + with_ports(commands, ports)},
        folder / "said");
    const auto code = shell.wait(limit);
    shell.signal(SIGTERM);  // the nodes, too
    return {code, read(folder / "said")};
}

}  // namespace electiond::cluster
