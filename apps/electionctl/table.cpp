// Aligned columns and durations in words.
#include "electionctl/table.h"

#include <algorithm>
#include <ostream>

namespace electiond::ctl {
namespace {

std::string two_units(std::int64_t big, const char* big_unit, std::int64_t small,
                      const char* small_unit) {
    std::string text = std::to_string(big) + " " + big_unit;
    if (small != 0) text += " " + std::to_string(small) + " " + small_unit;
    return text;
}

}  // namespace

Table::Table(std::vector<std::string> head) : rows_{std::move(head)} {}

void Table::add(std::vector<std::string> row) {
    row.resize(rows_[0].size());
    for (std::string& cell : row) {
        if (cell.empty()) cell = "-";
    }
    rows_.push_back(std::move(row));
}

void Table::print(std::ostream& out) const {
    std::vector<std::size_t> widths(rows_[0].size());
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width_of(row[i]));
    }
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i] + std::string(widths[i] - width_of(row[i]) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out << line << '\n';
    }
}

std::size_t width_of(const std::string& text) {
    const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
    return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues));
}

std::string in_words(std::optional<std::int64_t> milliseconds) {
    if (!milliseconds || *milliseconds < 0) return "";
    const std::int64_t ms = *milliseconds;
    const std::int64_t s = ms / 1000;
    if (ms < 1000) return std::to_string(ms) + " ms";
    if (s < 60) return std::to_string(s) + "." + std::to_string(ms % 1000 / 100) + " s";
    if (s < 3600) return two_units(s / 60, "min", s % 60, "s");
    if (s < 86400) return two_units(s / 3600, "h", s % 3600 / 60, "min");
    return two_units(s / 86400, "d", s % 86400 / 3600, "h");
}

}  // namespace electiond::ctl
