// The table of what a reload does with each key of the configuration.
#pragma once

#include <span>
#include <string_view>

namespace electiond {

enum class OnReload { live, restart };

// Keys that apply together, on a condition that depends on their values: see ReloadGates.
enum class ReloadGroup { none, access, timers, discovery };

struct ReloadRule {
    std::string_view key;
    OnReload what;
    std::string_view why;  // for a restart: a few words, for operators
    ReloadGroup group = ReloadGroup::none;
};

// Has each key of the schema that is not a section; `transport` and `discovery` are for the keys of
// plugins.
[[nodiscard]] std::span<const ReloadRule> reload_table();

// The rule of one value: "discovery[0].peers.2" has that of `discovery`, "transport.queue" (a
// plugin's) that of `transport`.
[[nodiscard]] const ReloadRule& reload_rule(std::string_view key);

}  // namespace electiond
