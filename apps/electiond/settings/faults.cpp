// How faults are worded and thrown.
#include "settings/faults.h"

#include <algorithm>
#include <charconv>
#include <compare>
#include <limits>
#include <optional>
#include <system_error>

#include <electiond/error.h>

namespace electiond {

void Faults::add(const std::string& where, const std::string& sentence) {
    lines_.push_back(on_one_line(where + ": " + sentence));
}

namespace {

struct Place {
    int line = std::numeric_limits<int>::max();
    int column = 0;

    auto operator<=>(const Place&) const = default;
};

// Reads the number at `at`, and moves `at` behind the colon that ends it. nullopt if there is none.
std::optional<int> number(std::string_view text, std::size_t& at) {
    int value = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(text.data() + at, end, value);
    if (failed != std::errc{} || rest == end || *rest != ':') return std::nullopt;
    at = static_cast<std::size_t>(rest - text.data()) + 1;
    return value;
}

Place place_of(std::string_view fault, std::string_view file) {
    if (!fault.starts_with(file) || fault.substr(file.size(), 1) != ":") return {};
    auto at = file.size() + 1;
    const auto line = number(fault, at);
    if (!line) return {};
    return {*line, number(fault, at).value_or(0)};
}

}  // namespace

void sort_by_place(std::vector<std::string>& faults, const std::filesystem::path& file) {
    const auto name = file.string();
    std::ranges::stable_sort(faults, {},
                             [&](const std::string& fault) { return place_of(fault, name); });
}

void throw_if_any(std::vector<std::string> faults, const std::filesystem::path& file) {
    if (faults.empty()) return;
    sort_by_place(faults, file);
    std::string text;
    for (const auto& line : faults) text += (text.empty() ? "" : "\n") + line;
    throw Error(text);
}

std::string joined_by_or(const std::vector<std::string_view>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

}  // namespace electiond
