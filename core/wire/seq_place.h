// The number `seq` in the text of a message, found without a parser.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace electiond::wire {

// The text around the number.
struct SeqPlace {
    std::string_view before;
    std::string_view after;
};

// `text` is JSON, and its field `seq` was read as `seq`. nullopt if it is not certain where: then
// another number there could mean something else.
[[nodiscard]] std::optional<SeqPlace> place_of_seq(std::string_view text, std::uint64_t seq);

// The number if `text` is `before`, a whole number as JSON writes it, and `after`.
[[nodiscard]] std::optional<std::uint64_t> seq_between(std::string_view before,
                                                       std::string_view text,
                                                       std::string_view after);

}  // namespace electiond::wire
