// Several texts as one, for people.
#pragma once

#include <string>
#include <vector>

namespace electiond {

// "a, b, c"
[[nodiscard]] inline std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const auto& text : texts) all += (all.empty() ? "" : ", ") + text;
    return all;
}

}  // namespace electiond
