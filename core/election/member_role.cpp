// The names of the roles, as text and back.
#include "election/member_role.h"

#include <algorithm>
#include <array>
#include <utility>

namespace electiond {
namespace {

using Text = std::pair<MemberRole, std::string_view>;

constexpr std::array kTexts{Text{MemberRole::voter, "voter"}, Text{MemberRole::standby, "standby"},
                            Text{MemberRole::observer, "observer"},
                            Text{MemberRole::joining, "joining"},
                            Text{MemberRole::removed, "removed"}};

}  // namespace

std::string_view to_string(MemberRole role) {
    return kTexts.at(static_cast<std::size_t>(role)).second;
}

std::optional<MemberRole> parse_member_role(std::string_view text) {
    const auto* at = std::ranges::find(kTexts, text, &Text::second);
    if (at == kTexts.end()) return std::nullopt;
    return at->first;
}

}  // namespace electiond
