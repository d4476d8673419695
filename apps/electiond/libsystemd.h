// The functions of libsystemd that electiond calls. load() loads the library.
#pragma once

#include <chrono>
#include <optional>
#include <string>

struct iovec;

// Any thread may call any of these.
namespace electiond::systemd {

// Loads the library if it is not loaded yet. Returns an empty text, or why it cannot be loaded,
// with the remedy. The functions below may only be called after it has returned an empty text.
[[nodiscard]] const std::string& load();

// sd_notify(3) to NOTIFY_SOCKET: returns 0 or an errno. May wait until the receiver reads.
[[nodiscard]] int notify(const std::string& message);

// WATCHDOG_USEC if it is meant for this process (WATCHDOG_PID): sd_watchdog_enabled(3).
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_limit();

// sd_journal_sendv(3) of `count` fields, which are borrowed for the call: returns 0 or an errno.
// May wait until the journal reads.
[[nodiscard]] int send_to_journal(const iovec* fields, int count);

}  // namespace electiond::systemd
