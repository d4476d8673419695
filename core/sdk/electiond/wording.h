// How a message quotes a value, and which known word it suggests for one that is unknown.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace electiond {

// Replaces control characters by blanks: a key or value may contain a line break, a message not.
[[nodiscard]] inline std::string on_one_line(std::string text) {
    for (auto& letter : text) {
        if (static_cast<unsigned char>(letter) < ' ' || letter == 0x7f) letter = ' ';
    }
    return text;
}

// The text between quotes, on one line, cut if it is long.
[[nodiscard]] inline std::string in_quotes(std::string_view text) {
    constexpr std::size_t kShown = 120;
    return '"' + on_one_line(std::string(text.substr(0, kShown))) +
           (text.size() > kShown ? "…\"" : "\"");
}

// How many letters must be changed, added, dropped, or swapped with the next one, to turn one word
// into the other.
[[nodiscard]] inline std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before.swap(last);
        last.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min(change, std::min(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
    }
    return row[b.size()];
}

// The word in `known` that is most similar to `word`, if at most (n + 2) / 3 of the n letters are
// wrong; else empty. `known` contains std::string or std::string_view, and outlives the result.
template <class Words>
[[nodiscard]] std::string_view nearest(std::string_view word, const Words& known) {
    std::string_view best;
    std::size_t least = std::min((word.size() + 2) / 3 + 1, word.size());  // not to be reached
    for (const auto& each : known) {
        const auto distance = edit_distance(each, word);
        if (distance >= least) continue;
        least = distance;
        best = each;
    }
    return best;
}

// "; did you mean path?", or nothing. It ends the sentence.
template <class Words>
[[nodiscard]] std::string suggestion(std::string_view word, const Words& known) {
    const auto best = nearest(word, known);
    return best.empty() ? std::string() : "; did you mean " + std::string(best) + "?";
}

}  // namespace electiond
