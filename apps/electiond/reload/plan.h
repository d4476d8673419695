// Decides for each difference between the running configuration and a new one what a reload does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reload/table.h"
#include "settings/differences.h"
#include "settings/settings.h"

namespace electiond {

// One value that differs, and whether the reload applies it.
struct ReloadChange {
    std::string key{};
    std::optional<std::string> before{}, after{};  // as shown: secrets are masked
    bool live = false;                             // false: it needs a restart
    std::string why{};                             // the reason for the restart
};

// How a reload ended, for the log and for operators.
struct ReloadReport {
    bool dry_run = false;
    std::string file{};                   // empty: the environment of the start alone
    std::vector<std::string> faults{};    // not empty: nothing was changed
    std::vector<ReloadChange> changes{};  // from the values in use to those of the file
    std::vector<std::string> warnings{};  // whole sentences
};

// Why the keys of a group need a restart this time; empty: they apply live.
struct ReloadGates {
    std::string access{}, timers{}, discovery{};

    [[nodiscard]] const std::string& of(ReloadGroup group) const;
};

// Access: a reload must not drop a token or certificate that is still needed. If new values of
// api.listen or api.tls need a restart, the new token was checked only together with those, so it
// is checked again with the values in use. Timers: their rules compare them with election_timeout,
// so they apply only if it does not change. The caller sets `discovery`.
[[nodiscard]] ReloadGates reload_gates(const Settings& running, const Settings& fresh);

// `running` are the values in use, `fresh` those of the file.
[[nodiscard]] std::vector<ReloadChange> plan_reload(const std::vector<SettingValue>& running,
                                                    const std::vector<SettingValue>& fresh,
                                                    const ReloadGates& gates);

// Copies everything that applies live, according to the table and the gates, from `fresh` to
// `running`.
void take_live(Settings& running, const Settings& fresh, const ReloadGates& gates);

// The values in use after `changes` were applied.
[[nodiscard]] std::vector<SettingValue> values_after(const std::vector<SettingValue>& running,
                                                     const std::vector<SettingValue>& fresh,
                                                     const std::vector<ReloadChange>& changes);

}  // namespace electiond
