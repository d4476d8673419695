// hunt_orders [--flaw NAME] [--states N]: plants each bug of this folder, or one, explores every
// scenario until so many states were seen, and prints a Markdown table of the nearest harm found.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "exploration/scenarios.h"
#include "flaws.h"
#include "orders.h"

namespace electiond::exploration {
namespace {

[[noreturn]] void usage() {
    std::fprintf(stderr, "usage: hunt_orders [--flaw NAME] [--states N]\nflaws:\n");
    for (const auto& flaw : sim::known_flaws()) {
        std::fprintf(stderr, "  %.*s\n", static_cast<int>(flaw.name.size()), flaw.name.data());
    }
    std::exit(64);
}

// What the exploration of one scenario came to.
struct Trail {
    std::string scenario{};
    unsigned actions = 0;  // to the harm; 0: an ENSURE of the code itself, or in the beginning
    std::string fault{};
};

// In a process of its own: a bug may break what the code ENSUREs, which ends the process.
std::optional<Trail> follow(std::string_view flaw, const std::string& scenario,
                            std::uint64_t states) {
    std::array<int, 2> pipe_ends{};
    if (pipe(pipe_ends.data()) != 0) std::abort();
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        const auto report = explore_flaw(flaw, scenario, {.depth = 40, .states = states});
        const std::string said =
            report.fault.empty() ? "" : std::to_string(report.depth + 1) + " " + report.fault;
        const bool whole =
            write(pipe_ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size());
        _exit(whole ? 0 : 1);
    }
    close(pipe_ends[1]);
    std::array<char, 4096> text{};
    const auto length = read(pipe_ends[0], text.data(), text.size());
    close(pipe_ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return Trail{scenario, 0, "ENSURE"};
    if (length <= 0) return std::nullopt;
    const std::string said(text.data(), static_cast<std::size_t>(length));
    const auto space = said.find(' ');
    return Trail{scenario, static_cast<unsigned>(std::stoul(said)), said.substr(space + 1)};
}

bool nearer(const Trail& one, const Trail& other) {
    return one.actions != 0 && (other.actions == 0 || one.actions < other.actions);
}

// True where it was found.
bool row(const sim::Flaw& flaw, std::uint64_t states) {
    std::optional<Trail> nearest;
    for (const auto& scenario : scenarios()) {
        const auto trail = follow(flaw.name, scenario.name, states);
        if (trail && (!nearest || nearer(*trail, *nearest))) nearest = trail;
    }
    if (!nearest) {
        std::printf("| `%s` | – | – | – |\n", flaw.name.data());
    } else {
        std::printf("| `%s` | %s | %s | %u |\n", flaw.name.data(), nearest->fault.c_str(),
                    nearest->scenario.c_str(), nearest->actions);
    }
    std::fflush(stdout);
    return nearest.has_value();
}

int run(const std::string& only, std::uint64_t states) {
    std::printf("| flaw | the nearest harm | scenario | actions |\n|---|---|---|---|\n");
    unsigned found = 0;
    unsigned planted = 0;
    for (const auto& flaw : sim::known_flaws()) {
        if (!only.empty() && only != flaw.name) continue;
        ++planted;
        found += row(flaw, states) ? 1 : 0;
    }
    std::printf("\n%u of %u found\n", found, planted);
    return 0;
}

}  // namespace
}  // namespace electiond::exploration

int main(int count, char** values) {
    using namespace electiond;
    std::string only;
    std::uint64_t states = 200'000;
    for (int i = 1; i < count; i += 2) {
        const std::string option = values[i];
        if (i + 1 == count || (option != "--flaw" && option != "--states")) exploration::usage();
        if (option == "--states") {
            states = std::strtoull(values[i + 1], nullptr, 10);
        } else {
            only = values[i + 1];
            const auto named = [&](const sim::Flaw& flaw) { return flaw.name == only; };
            if (std::ranges::none_of(sim::known_flaws(), named)) exploration::usage();
        }
    }
    return exploration::run(only, states);
}
