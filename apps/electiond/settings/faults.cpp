// How faults are worded and thrown.
#include "settings/faults.h"

#include <algorithm>

#include <electiond/error.h>
#include <electiond/options.h>

namespace electiond {
namespace {

// A key or a value may hold a line break; a fault is one line all the same.
std::string on_one_line(std::string text) {
    for (auto& letter : text) {
        if (static_cast<unsigned char>(letter) < ' ' || letter == 0x7f) letter = ' ';
    }
    return text;
}

}  // namespace

void Faults::add(const std::string& where, const std::string& sentence) {
    lines_.push_back(on_one_line(where + ": " + sentence));
}

void throw_if_any(const std::vector<std::string>& faults) {
    if (faults.empty()) return;
    std::string text;
    for (const auto& line : faults) text += (text.empty() ? "" : "\n") + line;
    throw Error(text);
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t kShown = 120;
    return '"' + on_one_line(std::string(text.substr(0, kShown))) +
           (text.size() > kShown ? "…\"" : "\"");
}

std::string either(const std::vector<std::string_view>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known) {
    const auto best = std::min_element(known.begin(), known.end(), [&](auto a, auto b) {
        return Options::distance(a, word) < Options::distance(b, word);
    });
    return best == known.end() ? std::string_view{} : *best;
}

}  // namespace electiond
