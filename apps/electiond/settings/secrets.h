// Which values of a configuration are secret, and how each value is shown.
#pragma once

#include <string>

namespace electiond {

inline constexpr char kMask[] = "****";

// name: a string, even if another YAML reader would take it for a number or a boolean.
enum class Display { plain, name, secret };

// `path` is the whole name of the key ("transport.tls.key"), `key` its last part. electiond's own
// keys with such a name hold paths, not secrets; a plugin's key may hold the secret.
[[nodiscard]] Display display_of(const std::string& path, const std::string& key);

// The value as it may be shown: a secret is masked, and so is the user of a URL
// ("http://****@host").
[[nodiscard]] std::string masked(const std::string& text, Display display);

}  // namespace electiond
