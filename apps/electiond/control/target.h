// Parses the target of a request: path and query.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace electiond {

// A value. `path` and `query` are unescaped. If a key is given twice, the last value counts.
struct Target {
    std::string path{};
    std::map<std::string, std::string> query{};
    std::optional<std::string> authority{};  // of an absolute target: it overrides the Host

    // nullopt if the text is not a target (/path, http(s)://host/path or *), or is wrongly escaped.
    [[nodiscard]] static std::optional<Target> parse(std::string_view text);
};

}  // namespace electiond
