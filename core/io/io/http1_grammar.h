// The grammar of HTTP/1 heads: which bytes may stand where (RFC 9110, RFC 9112, RFC 3986). For
// http1.cpp; no other file includes it.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace electiond::io {

// Which of the 256 bytes belong to a set.
class Characters {
  public:
    constexpr explicit Characters(std::string_view members) {
        for (const char member : members) add(member);
    }
    constexpr Characters(const Characters& base, std::string_view more) : Characters(base) {
        for (const char member : more) add(member);
    }
    constexpr Characters with_range(unsigned from, unsigned to) const {
        auto wider = *this;
        for (auto member = from; member <= to; ++member) wider.has_[member] = true;
        return wider;
    }
    [[nodiscard]] constexpr bool has(char c) const { return has_[static_cast<unsigned char>(c)]; }
    [[nodiscard]] constexpr bool has_all(std::string_view text) const {
        return std::ranges::all_of(text, [this](char c) { return has(c); });
    }

  private:
    constexpr void add(char member) { has_[static_cast<unsigned char>(member)] = true; }
    std::array<bool, 256> has_{};
};

inline constexpr Characters kDigit("0123456789");
inline constexpr Characters kHexDigit(kDigit, "abcdefABCDEF");
inline constexpr auto kAlphanumeric = kDigit.with_range('a', 'z').with_range('A', 'Z');
inline constexpr Characters kToken(kAlphanumeric, "!#$%&'*+-.^_`|~");
// VCHAR, obs-text, SP and HTAB (RFC 9110 5.5); the phrase of a status line, too.
inline constexpr auto kFieldValue = Characters("\t").with_range(' ', '~').with_range(0x80, 0xff);
// RFC 3986: unreserved and sub-delims, which with percent-encodings make a name, and what else
// stands in a path or a query.
inline constexpr Characters kHostName(kAlphanumeric, "-._~!$&'()*+,;=%");
inline constexpr Characters kPathOrQuery(kHostName, ":@/?");
inline constexpr Characters kTarget(kPathOrQuery, "[]");  // brackets in an authority only

[[nodiscard]] bool equal_ignoring_case(std::string_view left, std::string_view right);

[[nodiscard]] inline bool is_token(std::string_view text) {
    return !text.empty() && kToken.has_all(text);
}

// host [":" port], without user information (RFC 9110 4.2.4 has recipients treat it as an error).
[[nodiscard]] bool is_authority(std::string_view text);

// A path with or without a query, an absolute http:// or https:// URI, or "*" with OPTIONS.
[[nodiscard]] bool is_target(std::string_view method, std::string_view target);

[[nodiscard]] inline bool carries_content(std::string_view method) {
    return method == "POST" || method == "PUT" || method == "PATCH";
}

[[nodiscard]] inline bool has_no_body(int status) { return status == 204 || status == 304; }

}  // namespace electiond::io
