// The form of a node's id and uuid.
#pragma once

#include <algorithm>
#include <string_view>

namespace electiond::discovery {

// 1 to 64 of A-Z a-z 0-9 . _ -
[[nodiscard]] inline bool is_node_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
}

}  // namespace electiond::discovery
