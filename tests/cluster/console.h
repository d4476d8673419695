// The console of several machines that a page of docs/ shows, played on the lab of docs/lab.md.
#pragma once

#include <regex>
#include <sstream>
#include <string>

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
    *) return 64 ;;
    esac
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
    ELECTIONCTL_ENDPOINTS=127.0.0.1:2450$machine command electionctl "${words[@]//unix:/unix:$PWD}"
}
)";

// The commands of the consoles in a section of a page, as a script. A command follows the prompt
// `node1# ` or `admin$ `; its continuation lines are indented to the same column. All other lines
// are output. A command that fails is shown with its code; questions are answered with yes.
inline std::string console(const std::string& page, const std::string& section) {
    std::istringstream lines(read(std::string(ELECTIOND_PAGES "/") + page));
    const std::regex prompt(" *(node|admin)([0-9]?)[#$] (.*)");
    std::string script;
    std::string command;
    const auto end_command = [&] {
        if (command.empty()) return;
        script += "{ " + command + "\n} <<<yes || echo \"exit code $?\"\n";
        command.clear();
    };
    bool in_section = false;
    bool in_console = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('#')) in_section = line.substr(line.find(' ') + 1) == section;
        if (line.find("```") != std::string::npos) {
            end_command();
            in_console = line.find("```console") != std::string::npos;
        } else if (std::smatch parts;
                   in_section && in_console && std::regex_match(line, parts, prompt)) {
            end_command();
            script += "machine=" + parts[2].str() + "\n";
            command = parts[3].str();
        } else if (line.starts_with("       ")) {
            if (!command.empty()) command += "\n" + line;
        } else {
            end_command();
        }
    }
    const std::regex data_dir("/var/lib/electiond");
    script = std::regex_replace(script, data_dir, "data$$machine");
    return std::regex_replace(script, std::regex(" /srv/"), " srv/");
}

}  // namespace electiond::cluster
