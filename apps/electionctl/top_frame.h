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
    std::string trouble{};                           // why it does not get younger
    std::string message{};                           // in the last line, instead of the keys
    std::int64_t lease_full_ms = 1000;               // what a whole bar stands for
};

// The view after `age`: leases expire meanwhile, and a state older than 2 s is shown as former.
// At most `height` lines of at most `width` columns. Columns that do not fit are left out, the
// least important first.
[[nodiscard]] std::vector<Line> frame(const View& newest, const FrameState& state);

// The page that the key h shows.
[[nodiscard]] std::vector<Line> help_frame();

[[nodiscard]] std::string plain(const Line& line);

}  // namespace electiond::ctl
