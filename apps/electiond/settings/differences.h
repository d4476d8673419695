// All values of a configuration as plain text, and what differs between two.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "settings/settings.h"

namespace electiond {

struct SettingValue {
    std::string key{};    // "log.level", "api.hostnames", "discovery[0].peers.2"
    std::string value{};  // to compare: never shown, as it may be a secret
    std::string shown{};  // the same for people: secrets are masked
};

// In the order of the file; defaults are included. A list of texts is one value. The value of
// api.token_file is the path and the content of the file.
[[nodiscard]] std::vector<SettingValue> setting_values(const Settings& settings);

// Each entry of `discovery`, plugin and options, as one text to compare: never shown.
[[nodiscard]] std::vector<std::string> discovery_texts(const Settings& settings);

// One value that differs. Both as `shown`; nullopt if the key is not set.
struct Difference {
    std::string key{};
    std::optional<std::string> before{}, after{};

    bool operator==(const Difference&) const = default;
};

// In the order of `after`; keys that only `before` has come last.
[[nodiscard]] std::vector<Difference> differences(const std::vector<SettingValue>& before,
                                                  const std::vector<SettingValue>& after);

}  // namespace electiond
