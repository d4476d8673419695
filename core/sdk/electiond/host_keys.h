// Which keys of a plugin's section belong to electiond, and which to the plugin.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace electiond {

enum class PluginKind : std::uint32_t { discovery = 1, transport = 2 };

// Keys of electiond, which reads them itself. A transport gets the values of listen, limits and tls
// as members of PluginSetup.
inline constexpr std::array<std::string_view, 1> kDiscoveryHostKeys{"plugin"};
inline constexpr std::array<std::string_view, 6> kTransportHostKeys{
    "plugin", "listen", "advertise", "insecure", "limits", "tls"};

// Keys that later versions of electiond may use. Until then they must not be used.
inline constexpr std::array<std::string_view, 3> kReservedKeys{"arbiter", "enabled", "name"};

[[nodiscard]] constexpr std::span<const std::string_view> host_keys(PluginKind kind) noexcept {
    if (kind == PluginKind::transport) return kTransportHostKeys;
    return kDiscoveryHostKeys;
}

// True for all other keys: they are the plugin's own, whatever their names, and electiond reads
// none of them, now or later. Options refuses a plugin that reads a key of electiond.
[[nodiscard]] constexpr bool is_plugins_own(PluginKind kind, std::string_view key) noexcept {
    const auto keys = host_keys(kind);
    return std::find(keys.begin(), keys.end(), key) == keys.end() &&
           std::find(kReservedKeys.begin(), kReservedKeys.end(), key) == kReservedKeys.end();
}

}  // namespace electiond
