// hunt [--flaw NAME] [--seeds N]: plants each bug of this folder, or one, and prints a Markdown
// table of how long it took the simulation to find it; last, the same with none planted.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "flaws.h"

namespace electiond::sim {
namespace {

[[noreturn]] void usage() {
    std::fprintf(stderr, "usage: hunt [--flaw NAME] [--seeds N]\nflaws:\n");
    for (const auto& flaw : known_flaws()) {
        std::fprintf(stderr, "  %.*s\n", static_cast<int>(flaw.name.size()), flaw.name.data());
    }
    std::exit(64);
}

constexpr std::uint64_t kInVain = 160;  // seeds where nothing should be found

// One row; true where all is as it should be.
bool row(const Flaw& flaw, std::uint64_t seeds) {
    const bool in_vain = flaw.name.empty();
    const auto quarry = hunt(flaw.name, in_vain ? std::min(seeds, kInVain) : seeds);
    const std::string name(flaw.name.empty() ? "none planted" : "`" + std::string(flaw.name) + "`");
    const std::string sentence(flaw.sentence);
    std::string said = "no fault, transcripts " + in_hex(quarry.hash);
    if (quarry.fault) said = *quarry.fault + " (" + std::string(quarry.family) + ")";
    const std::chrono::duration<double> played = quarry.played;
    std::printf("| %s | %s | %s | %llu | %.0f s |\n", name.c_str(), sentence.c_str(), said.c_str(),
                static_cast<unsigned long long>(quarry.seeds), played.count());
    std::fflush(stdout);
    return quarry.fault.has_value() != in_vain;
}

int run(const std::string& only, std::uint64_t seeds) {
    std::printf("| flaw | what is wrong | found by | seeds | simulated |\n|---|---|---|---|---|\n");
    bool well = true;
    for (const auto& flaw : known_flaws()) {
        if (only.empty() || only == flaw.name) well = row(flaw, seeds) && well;
    }
    if (only.empty() || only == "none") well = row({}, seeds) && well;
    return well ? 0 : 1;
}

}  // namespace
}  // namespace electiond::sim

int main(int count, char** values) {
    using namespace electiond::sim;
    std::string only;
    std::uint64_t seeds = 2000;
    for (int i = 1; i < count; i += 2) {
        const std::string option = values[i];
        if (i + 1 == count || (option != "--flaw" && option != "--seeds")) usage();
        if (option == "--seeds") {
            seeds = std::strtoull(values[i + 1], nullptr, 10);
        } else {
            only = values[i + 1];
            const auto named = [&](const Flaw& flaw) { return flaw.name == only; };
            if (only != "none" && std::ranges::none_of(known_flaws(), named)) usage();
        }
    }
    return run(only, seeds);
}
