// Decides for each difference between the running configuration and a new one what a reload does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reload/table.h"
#include "settings/differences.h"
#include "settings/settings.h"

namespace electiond {

// One value that differs, and what becomes of it.
struct ReloadChange {
    std::string key{};
    std::optional<std::string> before{}, after{};  // as shown: secrets are masked
    bool live = false;                             // false: it needs a restart …
    std::string why{};                             // … for this reason
};

// How a reload ended, for the log and for operators.
struct ReloadReport {
    bool dry_run = false;
    std::string file{};
    std::vector<std::string> faults{};    // not empty: nothing was changed
    std::vector<ReloadChange> changes{};  // from what runs to what the file says
    std::vector<std::string> warnings{};  // whole sentences
};

// Why the keys of a group wait for a restart this time; empty: they apply.
struct ReloadGates {
    std::string access{}, timers{}, discovery{};

    [[nodiscard]] const std::string& of(ReloadGroup group) const;
};

// Access: a proof of operators must never be dropped where it is still needed. If api.listen or
// api.tls wait for a restart, what the file says of the token was checked together with the new
// ones, so it is checked again with those in use. Timers: their rules measure them by
// election_timeout, so they apply only if that stays. `discovery` is the caller's to set.
[[nodiscard]] ReloadGates reload_gates(const Settings& running, const Settings& fresh);

// `running` are the values in use, `fresh` those of the file.
[[nodiscard]] std::vector<ReloadChange> plan_reload(const std::vector<SettingValue>& running,
                                                    const std::vector<SettingValue>& fresh,
                                                    const ReloadGates& gates);

// Copies everything that applies live, as the table and the gates say, from `fresh` to `running`.
void take_live(Settings& running, const Settings& fresh, const ReloadGates& gates);

// The values in use once `changes` were applied.
[[nodiscard]] std::vector<SettingValue> values_after(const std::vector<SettingValue>& running,
                                                     const std::vector<SettingValue>& fresh,
                                                     const std::vector<ReloadChange>& changes);

}  // namespace electiond
