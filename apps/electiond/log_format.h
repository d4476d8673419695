// One log line as text: for people, as JSON, or as logfmt.
#pragma once

#include <string>

#include <electiond/log.h>

#include "settings/settings.h"

namespace electiond {

// The line with its line end. For any content the result is valid UTF-8 with one line end: control
// characters become blanks, bytes that are no UTF-8 become '?', and in keys every character but
// letters, digits, '.', '-' and '_' becomes '_'. `time` is ISO 8601. Pure.
[[nodiscard]] std::string format_event(LogFormat format, const std::string& time,
                                       const std::string& node, const LogLine& line);

}  // namespace electiond
