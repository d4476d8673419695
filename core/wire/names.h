// The names of the requests, and the field in which each repeats its sender's id.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <variant>

#include "election/message.h"

namespace electiond::wire {

// In the order of RequestBody and of ReplyBody, so that one index fits all three.
struct RequestName {
    std::string_view name;
    const char* own_id;
};
inline constexpr std::array<RequestName, 6> kRequestNames{{{"pre-vote", "candidateId"},
                                                           {"vote-request", "candidateId"},
                                                           {"heartbeat", "leaderId"},
                                                           {"timeout-now", "leaderId"},
                                                           {"hello", "id"},
                                                           {"status", nullptr}}};
static_assert(kRequestNames.size() == std::variant_size_v<RequestBody>);
static_assert(kRequestNames.size() == std::variant_size_v<ReplyBody>);

// The index of `name`; kRequestNames.size() if no request has this name.
[[nodiscard]] inline std::size_t request_index(std::string_view name) {
    const auto* at = std::ranges::find(kRequestNames, name, &RequestName::name);
    return static_cast<std::size_t>(at - kRequestNames.begin());
}

}  // namespace electiond::wire
