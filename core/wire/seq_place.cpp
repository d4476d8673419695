// The number `seq` in the text of a message, found without a parser.
#include "wire/seq_place.h"

#include <charconv>
#include <system_error>

#include "election/term.h"

namespace electiond::wire {
namespace {

constexpr std::string_view kName = "\"seq\"";

// A whole number as JSON writes it, at the beginning of `text`; how long it is.
struct Number {
    std::uint64_t value = 0;
    std::size_t length = 0;
};
std::optional<Number> number_at(std::string_view text) {
    Number number;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number.value);
    number.length = static_cast<std::size_t>(end - text.data());
    const bool is_padded = number.length > 1 && text.front() == '0';
    if (error != std::errc{} || is_padded || number.value > kNumberMax) return std::nullopt;
    return number;
}

// How many objects and lists are open at the end of `text`, which has no escapes.
int depth_of(std::string_view text) {
    int depth = 0;
    bool is_quoted = false;
    for (const char c : text) {
        if (c == '"') is_quoted = !is_quoted;
        if (is_quoted) continue;
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
    }
    return depth;
}

}  // namespace

// Without a backslash no quote is part of a text, and no other spelling of the key is possible.
std::optional<SeqPlace> place_of_seq(std::string_view text, std::uint64_t seq) {
    const auto at = text.find(kName);
    if (at == std::string_view::npos || text.find(kName, at + 1) != std::string_view::npos ||
        text.find('\\') != std::string_view::npos || depth_of(text.substr(0, at)) != 1 ||
        !text.substr(at + kName.size()).starts_with(':')) {
        return std::nullopt;
    }
    const auto begin = at + kName.size() + 1;
    const auto digits = text.substr(begin);
    const auto number = number_at(digits);
    if (!number || number->value != seq) return std::nullopt;
    const auto after = digits.substr(number->length);
    if (!after.starts_with(',') && !after.starts_with('}')) return std::nullopt;
    return SeqPlace{text.substr(0, begin), after};
}

std::optional<std::uint64_t> seq_between(std::string_view before, std::string_view text,
                                         std::string_view after) {
    if (text.size() <= before.size() + after.size() || !text.starts_with(before) ||
        !text.ends_with(after)) {
        return std::nullopt;
    }
    const auto digits = text.substr(before.size(), text.size() - before.size() - after.size());
    const auto number = number_at(digits);
    if (!number || number->length != digits.size()) return std::nullopt;
    return number->value;
}

}  // namespace electiond::wire
