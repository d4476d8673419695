// Parses the target of a request.
#include "control/target.h"

#include <Poco/Exception.h>
#include <Poco/String.h>
#include <Poco/URI.h>

namespace electiond {
namespace {

std::string unescape(std::string_view text) {
    std::string plain;
    Poco::URI::decode(std::string(text), plain);
    return plain;
}

// Schemes are case-insensitive.
bool is_http(std::string_view scheme) {
    const auto small = Poco::toLower(std::string(scheme));
    return small == "http" || small == "https";
}

// Returns the part of `text` before the first `mark`, and moves `text` behind the mark.
std::string_view cut(std::string_view& text, char mark) {
    const auto at = text.find(mark);
    const auto before = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
    return before;
}

}  // namespace

std::optional<Target> Target::parse(std::string_view text) {
    Target target;
    if (text != "*" && !text.starts_with('/')) {
        const auto mark = text.find("://");
        if (mark == std::string_view::npos || !is_http(text.substr(0, mark))) return std::nullopt;
        text.remove_prefix(mark + 3);
        const auto end = std::min(text.find_first_of("/?"), text.size());
        target.authority = text.substr(0, end);
        text.remove_prefix(end);
    }
    try {
        target.path = unescape(cut(text, '?'));
        if (target.path.empty()) target.path = "/";
        while (!text.empty()) {
            auto value = cut(text, '&');
            const auto key = cut(value, '=');
            target.query[unescape(key)] = unescape(value);
        }
    } catch (const Poco::SyntaxException&) {
        return std::nullopt;
    }
    return target;
}

}  // namespace electiond
