// Which values of a configuration must not be shown, and how the others are.
#pragma once

#include <string>

namespace electiond {

inline constexpr char kMask[] = "****";

// name: a text, also if it looks like a number or a truth value to other readers of YAML.
enum class Look { plain, name, secret };

// `path` is the whole name of the key ("transport.tls.key"), `key` its last part. The host's own
// keys of such a name are files, no secrets; a plugin's key may hold the secret itself.
[[nodiscard]] Look look_of(const std::string& path, const std::string& key);

// The value as it may be shown: a secret is masked, and so is the user of a URL
// ("http://****@host").
[[nodiscard]] std::string masked(const std::string& text, Look look);

}  // namespace electiond
