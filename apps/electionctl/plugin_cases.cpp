// Runs electiond-kit for `electionctl plugin`: finds the program, lists cases, runs one at a time.
#include "electionctl/plugin_cases.h"

#include <electiond/error.h>
#include <io/child.h>
#include <io/children.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <set>
#include <sstream>
#include <system_error>

#include "electionctl/arguments.h"
#include "electionctl/exit_code.h"

namespace electiond::ctl {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::size_t kOutputMax = 1024 * 1024;
constexpr const char* kStep = "> ";

bool is_program(const fs::path& file) {
    std::error_code ignored;
    return fs::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
}

std::vector<fs::path> kit_folders() {
    const auto own = fs::read_symlink("/proc/self/exe").parent_path();
    return {own,                                            // a build tree
            (own / ELECTIOND_KIT_DIR).lexically_normal()};  // an installation
}

std::string in_words(milliseconds limit) {
    return limit.count() % 1000 == 0 ? std::to_string(limit.count() / 1000) + " s"
                                     : std::to_string(limit.count()) + " ms";
}

std::string after(const std::string& line, std::string_view prefix) {
    return line.starts_with(prefix) ? line.substr(prefix.size()) : "";
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

std::string signal_in_words(int number) {
    return "signal " + std::to_string(number) + " (" + strsignal(number) + ")";
}

std::vector<std::string> parts_of(const std::string& line) {
    std::vector<std::string> parts;
    std::istringstream stream(line);
    for (std::string part; std::getline(stream, part, '\t');) parts.push_back(part);
    return parts;
}

// Ends the processes that a plugin has put into a session of their own, and that have outlived the
// process of the case. The kernel makes them children of this process, which requests that
// (PR_SET_CHILD_SUBREAPER).
class Orphans {
  public:
    Orphans() {
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        before_ = io::children_now();
    }
    // True if there were any. Repeats until there are none: the children of an ended process are
    // orphans, too.
    [[nodiscard]] bool end() const {
        bool any = false;
        for (;;) {
            auto now = io::children_now();
            std::erase_if(now, [&](pid_t each) { return before_.contains(each); });
            if (now.empty()) return any;
            any = true;
            for (const auto each : now) ::kill(each, SIGKILL);
            for (const auto each : now) {
                while (::waitpid(each, nullptr, 0) < 0 && errno == EINTR) {
                }
            }
        }
    }

  private:
    std::set<pid_t> before_;  // children of a shell that has replaced itself by this program
};

}  // namespace

fs::path find_kit(const fs::path& given) {
    if (!given.empty()) {
        if (is_program(given)) return fs::absolute(given);
        throw Error(given.string() +
                        " is not a program that can be run; --kit must name electiond-kit of the "
                        "package electiond-dev",
                    Error::unavailable);
    }
    std::string searched;
    for (const auto& place : kit_folders()) {
        if (is_program(place / "electiond-kit")) return place / "electiond-kit";
        searched += (searched.empty() ? "" : ", ") + place.string();
    }
    throw Error("there is no electiond-kit in " + searched +
                    ": install the package electiond-dev, or name the program with --kit FILE",
                Error::unavailable);
}

struct Kit::Finished {
    std::optional<io::Ended> ended;  // nullopt: not within the limit
    std::vector<std::string> lines;
    milliseconds took{};
    bool left_orphans = false;

    // Why there is no result. `step` is what the process did last.
    [[nodiscard]] std::string fault(const std::string& step, milliseconds limit) const {
        if (!ended) return step + " has not ended within " + in_words(limit) + " (--timeout)";
        if (ended->signal != 0) return step + " crashed: " + signal_in_words(ended->signal);
        return step + " ended the process, with exit code " + std::to_string(ended->code);
    }
};

Kit::Kit(fs::path program, std::vector<std::string> options, milliseconds limit, bool verbose)
    : program_(std::move(program)),
      options_(std::move(options)),
      limit_(limit),
      verbose_(verbose) {}

Kit::Finished Kit::execute(std::vector<std::string> words) const {
    words.insert(words.begin(), program_.string());
    const auto begun = std::chrono::steady_clock::now();
    const Orphans orphans;
    io::Child child({.command = std::move(words),
                     .out = io::Output::captured(),
                     .err = verbose_ ? io::Output::inherited() : io::Output::discarded(),
                     .output_max = kOutputMax});
    Finished finished;
    finished.ended = child.wait(limit_);
    child.end(milliseconds(0), SIGKILL);  // and the processes that it has started
    finished.left_orphans = orphans.end();
    finished.took =
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
    finished.lines = lines_of(child.output());
    return finished;
}

std::vector<KitCase> Kit::cases_of(const std::string& kind) const {
    const auto finished = execute({"--cases", kind});
    std::vector<KitCase> cases;
    for (const auto& line : finished.lines) {
        auto parts = parts_of(line);
        if (parts.size() == 3) {
            cases.push_back({std::move(parts[0]), std::move(parts[1]), std::move(parts[2])});
        }
    }
    if (!finished.ended || finished.ended->as_shell() != 0 || cases.empty()) {
        throw Error(program_.string() +
                        " lists no conformance cases; install electiond-dev and electionctl of the "
                        "same version",
                    Error::unavailable);
    }
    return cases;
}

Kit::Probed Kit::probe(const fs::path& file) const {
    const auto finished = execute({"--probe-plugin", file.string()});
    Probed probed;
    probed.plugin.file = file.string();
    const auto line = finished.lines.empty() ? std::string() : finished.lines.front();
    auto parts = parts_of(line);
    const int code = finished.ended ? finished.ended->as_shell() : -1;
    if (code == 0 && parts.size() == 3) {
        probed.plugin.name = std::move(parts[0]);
        probed.plugin.version = std::move(parts[1]);
        probed.plugin.kind = std::move(parts[2]);
    } else if (code == Error::config && !line.empty()) {
        probed.fault = line;
    } else {
        probed.fault = finished.fault("loading it", limit_);
    }
    return probed;
}

CaseOutcome Kit::run(const fs::path& file, const KitCase& chosen, const fs::path& folder) const {
    std::vector<std::string> words{"--try",     file.string(), "--case",
                                   chosen.name, "--directory", folder.string()};
    words.insert(words.end(), options_.begin(), options_.end());
    const auto finished = execute(std::move(words));
    CaseOutcome outcome{.name = chosen.name, .expected = chosen.expected, .took = finished.took};
    const int code = finished.ended ? finished.ended->as_shell() : -1;
    std::string step = "the start";
    for (const auto& line : finished.lines) {
        if (const auto misuse = after(line, "misuse: "); !misuse.empty()) throw UsageError(misuse);
        if (line.starts_with(kStep)) step = after(line, kStep);
        if (const auto reason = after(line, "failed: "); !reason.empty()) {
            outcome.kind = CaseOutcome::Kind::failed;
            outcome.reason = reason;
            return outcome;
        }
        if (const auto reason = after(line, "skipped: "); !reason.empty() && code == 0) {
            outcome.kind = CaseOutcome::Kind::skipped;
            outcome.reason = reason;
            return outcome;
        }
        if (line == "passed" && code == 0) {
            if (!finished.left_orphans) return outcome;
            outcome.kind = CaseOutcome::Kind::failed;
            outcome.reason = "a child process is left behind";
            return outcome;
        }
        if (line == "passed" || line.starts_with("skipped: ")) step = "the end of the process";
    }
    outcome.kind = CaseOutcome::Kind::failed;
    outcome.reason = finished.fault(step, limit_);
    return outcome;
}

}  // namespace electiond::ctl
