// The names of a node's state, as text and back.
#include "election/leadership_state.h"

#include <algorithm>

namespace electiond {
namespace {

constexpr std::array kTexts{std::pair<State, std::string_view>{State::follower, "FOLLOWER"},
                            std::pair<State, std::string_view>{State::candidate, "CANDIDATE"},
                            std::pair<State, std::string_view>{State::leader, "LEADER"}};

}  // namespace

std::string_view to_string(State state) {
    return kTexts.at(static_cast<std::size_t>(state)).second;
}

std::optional<State> parse_state(std::string_view text) {
    const auto* at = std::ranges::find(kTexts, text, &std::pair<State, std::string_view>::second);
    if (at == kTexts.end()) return std::nullopt;
    return at->first;
}

}  // namespace electiond
