// How faults are worded and thrown.
#include "settings/faults.h"

#include <electiond/error.h>

namespace electiond {

void Faults::add(const std::string& where, const std::string& sentence) {
    lines_.push_back(on_one_line(where + ": " + sentence));
}

void throw_if_any(const std::vector<std::string>& faults) {
    if (faults.empty()) return;
    std::string text;
    for (const auto& line : faults) text += (text.empty() ? "" : "\n") + line;
    throw Error(text);
}

std::string either(const std::vector<std::string_view>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

}  // namespace electiond
