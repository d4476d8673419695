// The grammar of HTTP/1 heads: names, authorities and targets.
#include <io/http1_grammar.h>

#include <arpa/inet.h>

#include <charconv>
#include <cstdint>

namespace electiond::io {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool has_valid_percent_encodings(std::string_view text) {
    for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
        if (text.size() - at < 3 || !kHexDigit.has(text[at + 1]) || !kHexDigit.has(text[at + 2])) {
            return false;
        }
    }
    return true;
}

bool is_port(std::string_view digits) {
    std::uint16_t port = 0;
    const auto* end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, port);
    return digits.empty() || (rest == end && error == std::errc{});
}

bool is_ipv6(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size()) return false;
    std::ranges::copy(text, terminated.begin());
    in6_addr address;
    return ::inet_pton(AF_INET6, terminated.data(), &address) == 1;
}

bool is_path_and_query(std::string_view text) {
    return kPathOrQuery.has_all(text) && has_valid_percent_encodings(text);
}

}  // namespace

bool equal_ignoring_case(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, {}, lower, lower);
}

bool is_authority(std::string_view text) {
    const bool bracketed = text.starts_with('[');
    const auto end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
    if (end == std::string_view::npos) return false;
    const auto host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
    const auto port = text.substr(bracketed ? end + 1 : end);
    if (!port.empty() && (port.front() != ':' || !is_port(port.substr(1)))) return false;
    if (bracketed) return is_ipv6(host);
    return !host.empty() && kHostName.has_all(host) && has_valid_percent_encodings(host);
}

bool is_target(std::string_view method, std::string_view target) {
    if (target.starts_with('/')) return is_path_and_query(target);
    if (target == "*") return method == "OPTIONS";
    const auto mark = target.find("://");
    if (mark == std::string_view::npos) return false;
    const auto scheme = target.substr(0, mark);
    if (!equal_ignoring_case(scheme, "http") && !equal_ignoring_case(scheme, "https")) return false;
    target.remove_prefix(mark + 3);
    const auto end = std::min(target.find_first_of("/?"), target.size());
    return is_authority(target.substr(0, end)) && is_path_and_query(target.substr(end));
}

}  // namespace electiond::io
