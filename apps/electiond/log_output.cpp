// Where the log goes.
#include "log_output.h"

#include <algorithm>
#include <sstream>
#include <utility>
#include <variant>

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/JSON/Object.h>
#include <Poco/Timestamp.h>
#include <unistd.h>

namespace electiond {
namespace {

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warning:
            return "warning";
        case LogLevel::error:
            return "error";
    }
    return "error";
}

// Without control characters, which would begin a second line or steer a terminal.
std::string clean(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
    return text;
}

// A text between quotes, for logfmt: quotes, backslashes and control characters escaped.
std::string in_quotes(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

}  // namespace

std::string format_event(LogFormat format, const std::string& time, const std::string& node,
                         const LogLine& line) {
    const std::string level(name_of(line.level));
    if (format == LogFormat::text) {
        return time + " " + level + " [" + node + "] " + clean(line.to_string()) + "\n";
    }
    if (format == LogFormat::logfmt) {
        std::string out = "ts=" + time + " level=" + level + " node=" + node +
                          " msg=" + in_quotes(clean(line.text));
        for (const auto& field : line.fields) {
            const auto value = clean(field.value_text());
            const bool plain = !value.empty() && value.find_first_of(" \"=\\") == value.npos;
            out += " " + field.key + "=" + (plain ? value : in_quotes(value));
        }
        return out + "\n";
    }
    Poco::JSON::Object object(Poco::JSON_PRESERVE_KEY_ORDER);
    object.set("ts", time);
    object.set("level", level);
    object.set("node", node);
    object.set("msg", clean(line.text));
    for (const auto& field : line.fields) {
        if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
            object.set(field.key, *number);
        } else {
            object.set(field.key, clean(field.value_text()));
        }
    }
    std::ostringstream out;
    object.stringify(out);
    return out.str() + "\n";
}

LogOutput::LogOutput(LogLevel level, LogFormat format, std::string node, int descriptor)
    : level_(level), format_(format), node_(std::move(node)), descriptor_(descriptor) {}

void LogOutput::write(const LogLine& line) {
    if (line.level < level_.load()) return;
    const Poco::Timestamp now;
    const auto time =
        Poco::DateTimeFormatter::format(now, Poco::DateTimeFormat::ISO8601_FRAC_FORMAT);
    const auto text = format_event(format_, time, node_, line);
    const std::lock_guard lock(mutex_);
    (void)!::write(descriptor_, text.data(), text.size());
}

}  // namespace electiond
