// The console of several machines that a page of docs/ shows, played on the lab of docs/lab.md.
#pragma once

#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "folder.h"

namespace electiond::cluster {

// Replaces paths, addresses and names of a machine by those of its node in the lab. Use it after
// the first block of lab.md. `machine` is the number of the machine that a command runs on.
constexpr char kMachines[] = R"(
systemctl() {
    case "$*" in
    "start electiond" | "enable --now electiond")
        start $machine
        until curl -s http://127.0.0.1:7400/livez >/dev/null; do sleep 0.1; done
        ;;
    "stop electiond" | "disable --now electiond") stop $machine ;;
    "restart electiond") systemctl stop electiond && systemctl start electiond ;;
    "show -P ExecMainStatus electiond") cat $machine.code ;;
    *) return 64 ;;
    esac
}
journalctl() { # -u electiond [-p warning] -o cat -n LINES
    local level='[a-z]+'
    if [[ $* == *"-p warning"* ]]; then level='warning|error'; fi
    sed -nE "s/^[^ ]+ ($level) \[[^]]*\] //p; /^electiond: /p" $machine.log | tail -n "${!#}"
}
apt-get() { systemctl restart electiond; }
runuser() { shift 3; "$@"; }
ssh() { local machine=${1#node}; shift; "$@"; }
curl() {
    local words=("${@//127.0.0.1:7400/127.0.0.1:2450$machine}")
    if [ ! -S srv/two/api.sock ]; then # the nodes have no Unix socket: their ports are asked
        words=("${words[@]/--unix-socket/--user-agent}")
        words=("${words[@]/http:\/\/localhost/http://127.0.0.1:2450$machine}")
    fi
    command curl "${words[@]//\/run\/electiond/srv/two}"
}
start() { command electiond --config $1.yaml 2>>$1.log & echo $! >$1.pid; }
electiond() { ELECTIOND_CONFIG=$machine.yaml command electiond "$@"; }
electionctl() {
    local words=("${@//:7400/}")
    words=("${words[@]//node/127.0.0.1:2450}")
    words=("${words[@]//\/etc\/electiond/certificates}")
    ELECTIONCTL_ENDPOINTS=127.0.0.1:2450$machine command electionctl "${words[@]//unix:/unix:$PWD}"
}
)";

// A command at a prompt of a page, and the lines of output that the page shows after it.
struct Typed {
    std::string machine{};  // its number, empty for `admin$ `
    std::string command{};
    std::vector<std::string> answer{};
};

// The consoles in a section of a page, in their order. A command follows the prompt `node1# ` or
// `admin$ `; its continuation lines are indented to the same column. All other lines are output.
inline std::vector<std::vector<Typed>> consoles(const std::string& page,
                                                const std::string& section) {
    std::istringstream lines(read(std::string(ELECTIOND_PAGES "/") + page));
    const std::regex prompt(" *(node|admin)([0-9]?)[#$] (.*)");
    std::vector<std::vector<Typed>> all;
    bool in_section = false;
    bool in_block = false;
    bool in_console = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.find("```") != std::string::npos) {
            in_block = !in_block;
            in_console = in_block && in_section && line.find("```console") != std::string::npos;
            if (in_console) all.emplace_back();
            continue;
        }
        if (!in_block && line.starts_with('#')) {
            in_section = line.substr(line.find(' ') + 1) == section;
        }
        if (!in_console) continue;
        auto& typed = all.back();
        if (std::smatch parts; std::regex_match(line, parts, prompt)) {
            typed.push_back({parts[2].str(), parts[3].str()});
        } else if (typed.empty()) {
            continue;
        } else if (line.starts_with("       ") && typed.back().answer.empty()) {
            typed.back().command += "\n" + line;
        } else {
            typed.back().answer.push_back(line);
        }
    }
    return all;
}

// The command as a script for the lab. If it fails, its code is shown; questions are answered by
// yes.
inline std::string script_of(const Typed& typed) {
    const auto script = "machine=" + typed.machine + "\n{ " + typed.command +
                        "\n} <<<yes || echo \"exit code $?\"\n";
    const auto local =
        std::regex_replace(script, std::regex("/var/lib/electiond"), "data$$machine");
    return std::regex_replace(local, std::regex(" /srv/"), " srv/");
}

// The commands of all consoles in a section.
inline std::string console(const std::string& page, const std::string& section) {
    std::string script;
    for (const auto& each : consoles(page, section)) {
        for (const auto& typed : each) script += script_of(typed);
    }
    return script;
}

}  // namespace electiond::cluster
