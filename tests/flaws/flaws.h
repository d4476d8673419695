// The bugs that can be planted, and the hunt for one: families of simulations until the referee
// speaks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "election/timing.h"

namespace electiond::sim {

// One NAME.patch of this folder.
struct Flaw {
    std::string_view name;
    std::string_view sentence;  // what is wrong, and in parentheses which rule it breaks
};

[[nodiscard]] std::span<const Flaw> known_flaws();

// Plants a bug, none where the name is empty, and takes it back at its end.
struct Planted {
    explicit Planted(std::string_view flaw);
    ~Planted();
    Planted(const Planted&) = delete;
    Planted& operator=(const Planted&) = delete;
};

// What came of a hunt.
struct Quarry {
    std::optional<std::string> fault{};  // what the referee said, in one line; nothing: no fault
    std::string_view family{};           // that found it
    std::uint64_t seeds = 0;             // that were played, the one that found it included
    Duration played{};                   // simulated time of all of them
    std::uint64_t hash = 0;              // of all their transcripts
};

// Plays seeds from 1, at most `seeds`, each in the family whose turn it is, with `flaw` planted;
// with none where it is empty.
[[nodiscard]] Quarry hunt(std::string_view flaw, std::uint64_t seeds);

// A hash as it is shown.
[[nodiscard]] std::string in_hex(std::uint64_t hash);

}  // namespace electiond::sim
