// One log line as text: for people, as JSON, as logfmt, or as the message of a journal entry.
#pragma once

#include <string>
#include <string_view>

#include <electiond/log.h>

#include "settings/settings.h"

namespace electiond {

// The field of a line that names the kind of change ("leader", "voter_silent"), for machines:
// people read it in the text.
constexpr std::string_view kChangeField = "change";

// The line with its line end. For any content the result is valid UTF-8 with one line end: control
// characters become blanks, bytes that are not UTF-8 become '?', and in keys every character but
// letters, digits, '.', '-' and '_' becomes '_'. `time` is ISO 8601. Pure.
[[nodiscard]] std::string format_event(LogFormat format, const std::string& time,
                                       const std::string& node, const LogLine& line);

// The text and the fields for people, without time, level, node, change and line end. Clean as
// above.
[[nodiscard]] std::string format_words(const LogLine& line);

// `text` as valid UTF-8 without control characters. Pure.
[[nodiscard]] std::string clean_text(std::string_view text);

}  // namespace electiond
