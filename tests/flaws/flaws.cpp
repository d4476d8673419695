// The bugs that can be planted, and the hunt for one.
#include "flaws.h"

#include <cstdio>

#include "families.h"

namespace electiond::sim {
namespace {

constexpr Flaw kFlaws[] = {
#include "known.inc"
};

}  // namespace

Planted::Planted(std::string_view flaw) { planted_flaw = flaw; }
Planted::~Planted() { planted_flaw = {}; }

std::span<const Flaw> known_flaws() { return kFlaws; }

std::string in_hex(std::uint64_t hash) {
    char text[20];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

Quarry hunt(std::string_view flaw, std::uint64_t seeds) {
    const Planted planted(flaw);
    const auto all = families();
    Quarry quarry;
    while (!quarry.fault && quarry.seeds < seeds) {
        Stage stage{.seed = ++quarry.seeds};
        const auto& family = all[stage.seed % all.size()];
        try {
            family.play(stage);
        } catch (const Fault& fault) {
            const std::string report = fault.what();
            quarry.fault = report.substr(0, report.find('\n'));
            quarry.family = family.name;
        }
        quarry.played += stage.cluster->now().time_since_epoch();
        quarry.hash = quarry.hash * 31 + stage.cluster->transcript.hash();
    }
    return quarry;
}

}  // namespace electiond::sim
