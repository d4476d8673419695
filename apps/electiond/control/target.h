// The target of a request, taken apart: path and query.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace electiond {

// A value. `path` and `query` are unescaped; of a key that stands twice the last counts.
struct Target {
    std::string path{};
    std::map<std::string, std::string> query{};
    std::optional<std::string> authority{};  // of an absolute target: it overrides the Host

    // Nothing where the text is no target: neither /path, http(s)://host/path nor *, or badly
    // escaped.
    [[nodiscard]] static std::optional<Target> parse(std::string_view text);
};

}  // namespace electiond
