// Tries a library in a child process first: both the child's side and the parent's.
#include "host/probe.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <optional>
#include <sstream>
#include <system_error>

#include <io/child.h>
#include <io/descriptor.h>

#include "host/library.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAnswerMax = 4096;

// The first line of the child's output.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// Parts of "name<TAB>version<TAB>kind"; the name is the stem and may not hold a tab, nor the kind.
bool read_good(const std::string& line, PluginInfo& info) {
    const auto first = line.find('\t'), last = line.rfind('\t');
    if (first == std::string::npos || first == last) return false;
    info.name = line.substr(0, first);
    info.version = line.substr(first + 1, last - first - 1);
    info.kind = line.substr(last + 1);
    return true;
}

std::string limit_in_words(std::chrono::milliseconds limit) {
    return limit.count() % 1000 == 0 ? std::to_string(limit.count() / 1000) + " s"
                                     : std::to_string(limit.count()) + " ms";
}

// The child's standard output, which from now on is where its standard error is: a library may
// print while it is loaded.
io::Descriptor take_standard_output() {
    io::Descriptor answer(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    return answer;
}

bool tell(const io::Descriptor& answer, const PluginInfo& info) {
    const auto line =
        (info.fault.empty() ? info.name + '\t' + info.version + '\t' + info.kind : info.fault) +
        '\n';
    return ::write(answer.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace

PluginInfo inspect_plugin(const fs::path& file) {
    PluginInfo info{file.stem().string(), {}, {}, file, {}};
    try {
        const Library library(file);
        info.version = library.version();
        info.kind = to_string(library.kind());
    } catch (const Error& error) {
        info.fault = error.what();
    }
    return info;
}

int probe_plugin(const fs::path& file) {
    const auto answer = take_standard_output();
    const auto info = inspect_plugin(file);
    return tell(answer, info) && info.fault.empty() ? 0 : Error::config;
}

PluginInfo inspect_in_child(const fs::path& program, const fs::path& file,
                            std::chrono::milliseconds limit) {
    std::optional<io::Ended> ended;
    std::string line;
    try {
        io::Child child({.command = {program.string(), kProbeOption, fs::absolute(file).string()},
                         .out = io::Output::captured(),
                         .err = io::Output::discarded(),
                         .output_max = kAnswerMax});
        ended = child.wait(limit);
        child.end(std::chrono::milliseconds(0), SIGKILL);  // and the processes that it has started
        line = first_line(child.output());
    } catch (const std::system_error& error) {
        throw Error(file.string() + ": cannot be tried in a child process: " + error.what(),
                    Error::os);
    }

    PluginInfo info{file.stem().string(), {}, {}, file, {}};
    const auto fault = [&](const std::string& what) {
        info.fault = file.string() + ": " + what + "; install the plugin again, or ask its author";
    };
    if (!ended) {
        fault("has not finished loading within " + limit_in_words(limit));
    } else if (ended->signal != 0) {
        fault("crashed while being loaded: signal " + std::to_string(ended->signal) + " (" +
              strsignal(ended->signal) + ")");
    } else if (ended->code == Error::config && !line.empty()) {
        info.fault = line;
    } else if (ended->code != 0 || !read_good(line, info)) {
        fault("ended the process while being loaded, with exit code " +
              std::to_string(ended->code));
    }
    return info;
}

std::vector<PluginInfo> usable_of(const std::vector<fs::path>& files,
                                  std::chrono::milliseconds limit) {
    const auto inspect_all = [&files] {
        const auto answer = take_standard_output();
        for (const auto& file : files) {
            if (!tell(answer, inspect_plugin(file))) break;
        }
        return 0;
    };
    io::Child child({.command = {},
                     .act = inspect_all,
                     .out = io::Output::captured(),
                     .err = io::Output::discarded(),
                     .output_max = files.size() * kAnswerMax});
    (void)child.wait(limit);
    child.end(std::chrono::milliseconds(0), SIGKILL);

    std::vector<PluginInfo> usable;
    std::istringstream lines(child.output());
    std::string line;
    for (auto file = files.begin(); file != files.end() && std::getline(lines, line); ++file) {
        PluginInfo info{{}, {}, {}, *file, {}};
        const bool whole = !lines.eof();
        if (whole && read_good(line, info) && info.name == file->stem()) {
            usable.push_back(std::move(info));
        }
    }
    return usable;
}

}  // namespace electiond
