// One screenful of `top` as coloured text; pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "electionctl/top_view.h"

namespace electiond::ctl {

struct Span {
    std::string text;
    Tint tint = Tint::plain;
};
using Line = std::vector<Span>;

struct FrameState {
    std::size_t width = 80, height = 24;
    std::size_t scroll = 0;                          // the first row shown
    std::optional<std::chrono::milliseconds> age{};  // of the view; none before the first
    bool live = false;                               // each change since then would be noticed
    std::string trouble{};                           // why no node answers any more
    std::string not_live{};                          // why `live` is false
    std::string message{};                           // in the last line, instead of the keys
    std::int64_t lease_full_ms = 1000;               // the lease that fills the whole bar
};

// Draws the view after `age`. In a live view, states are present ones, and figures (contact, round
// trip, lease) are those of the last answer. In others, leases run out meanwhile. If no node
// answers any more, or the view is older than 2 s (live: 7 s), states are marked as past and
// figures are left out. At most `height` lines of at most `width` columns. Columns that do not fit
// are left out, the least important first.
[[nodiscard]] std::vector<Line> frame(const View& newest, const FrameState& state);

// The page that the key h shows.
[[nodiscard]] std::vector<Line> help_frame();

[[nodiscard]] std::string plain(const Line& line);

}  // namespace electiond::ctl
