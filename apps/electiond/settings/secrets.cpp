// Which values of a configuration must not be shown.
#include "settings/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace electiond {
namespace {

// A third-party plugin's key may hold the secret itself; one that names a file does not.
bool is_secret(std::string key) {
    constexpr std::array<std::string_view, 8> kWords = {
        "password", "passphrase", "passwd", "secret", "token", "credential", "apikey", "auth"};
    constexpr std::array<std::string_view, 3> kNamesAPlace = {"file", "path", "dir"};
    key.erase(std::remove_if(key.begin(), key.end(), [](char c) { return c == '_' || c == '-'; }),
              key.end());
    for (auto& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return std::none_of(kNamesAPlace.begin(), kNamesAPlace.end(),
                        [&](auto word) { return key.ends_with(word); }) &&
           (key == "key" || key.ends_with("privatekey") ||
            std::any_of(kWords.begin(), kWords.end(),
                        [&](auto word) { return key.find(word) != std::string::npos; }));
}

// "http://user:password@host" -> "http://****@host"
std::string without_userinfo(const std::string& text) {
    const auto scheme = text.find("://");
    if (scheme == std::string::npos) return text;
    const auto begin = scheme + 3;
    const auto end = text.find_first_of("/?#", begin);
    const auto at = text.substr(0, end).rfind('@');
    return at == std::string::npos || at < begin ? text
                                                 : text.substr(0, begin) + kMask + text.substr(at);
}

}  // namespace

Display display_of(const std::string& path, const std::string& key) {
    if (path == "api.tls.key" || path == "transport.tls.key") return Display::plain;
    if (is_secret(key)) return Display::secret;
    return key == "id" || key == "name" || key == "voters" ? Display::name : Display::plain;
}

std::string masked(const std::string& text, Display display) {
    return display == Display::secret ? kMask : without_userinfo(text);
}

}  // namespace electiond
