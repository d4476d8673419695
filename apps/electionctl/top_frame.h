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
    bool live = false;                               // what changes meanwhile would be noticed
    std::string trouble{};                           // nobody answers any more: why
    std::string not_live{};                          // why it is not live
    std::string message{};                           // in the last line, instead of the keys
    std::int64_t lease_full_ms = 1000;               // what a whole bar stands for
};

// The view after `age`. While it is live, states are those of now, and figures (contact, round
// trip, lease) those of the last answer. Else leases expire meanwhile. Where nobody answers any
// more, or the view is older than 2 s (live: 7 s), states are shown as former ones and figures not
// at all.
// At most `height` lines of at most `width` columns. Columns that do not fit are left out, the
// least important first.
[[nodiscard]] std::vector<Line> frame(const View& newest, const FrameState& state);

// The page that the key h shows.
[[nodiscard]] std::vector<Line> help_frame();

[[nodiscard]] std::string plain(const Line& line);

}  // namespace electiond::ctl
