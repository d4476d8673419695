// Who owns which keys of a plugin's section: electiond, or the plugin.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace electiond {

enum class PluginKind : std::uint32_t { discovery = 1, transport = 2 };

// Keys of electiond, which reads them itself. A plugin gets what they say as values of PluginSetup.
inline constexpr std::array<std::string_view, 1> kDiscoveryHostKeys{"plugin"};
inline constexpr std::array<std::string_view, 6> kTransportHostKeys{
    "plugin", "listen", "advertise", "insecure", "limits", "tls"};

// Keys that later versions of electiond may take. Nobody may use them until then.
inline constexpr std::array<std::string_view, 3> kReservedKeys{"arbiter", "enabled", "name"};

[[nodiscard]] constexpr std::span<const std::string_view> host_keys(PluginKind kind) noexcept {
    if (kind == PluginKind::transport) return kTransportHostKeys;
    return kDiscoveryHostKeys;
}

// All other keys of a section are the plugin's own, whatever their names: electiond reads none of
// them, now or later. Options enforces this on both sides.
[[nodiscard]] constexpr bool is_plugins_own(PluginKind kind, std::string_view key) noexcept {
    const auto keys = host_keys(kind);
    return std::find(keys.begin(), keys.end(), key) == keys.end() &&
           std::find(kReservedKeys.begin(), kReservedKeys.end(), key) == kReservedKeys.end();
}

}  // namespace electiond
