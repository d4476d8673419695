// One log line as an entry of systemd's journal: with priority, fields, and an id of its kind.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <electiond/log.h>

namespace electiond {

// True if the descriptor leads to the journal, according to JOURNAL_STREAM. Any thread, as long as
// none changes the environment.
[[nodiscard]] bool is_journal(int descriptor) noexcept;

// The line as fields of an entry, "NAME=value": MESSAGE, PRIORITY, MESSAGE_ID if the kind of change
// has one, ELECTIOND_NODE, and ELECTIOND_… for each field of the line. No time: the journal adds
// its own. Pure.
[[nodiscard]] std::vector<std::string> journal_entry(const std::string& node, const LogLine& line);

// The MESSAGE_ID of a kind of change (the field `change` of a line): 32 hexadecimal digits; empty
// if it has none. They never change.
[[nodiscard]] std::string_view message_id(std::string_view kind) noexcept;

// What begins a line of text that the journal reads: its priority, as in "<4>". Pure.
[[nodiscard]] std::string priority_prefix(LogLevel level);

// `text` for standard error, with the priority_prefix() in front of each line. Pure.
[[nodiscard]] std::string with_priorities(const std::string& text, LogLevel level);

// Sends the entry to the journal, and waits for room if the journal does not read. Returns 0 or an
// errno. Without a journal the entry is lost, and the result is 0. Call it only after
// systemd::load() has returned an empty text. Any thread.
[[nodiscard]] int send_to_journal(const std::vector<std::string>& entry) noexcept;

}  // namespace electiond
