// Where the log goes.
#include "log_output.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>
#include <vector>

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

struct Parsed {
    std::string_view message;
    std::vector<std::pair<std::string_view, std::string_view>> fields;
};

// Of a field of its own: none of those that every event has.
bool is_key(std::string_view word) {
    constexpr std::array<std::string_view, 4> kEverywhere = {"ts", "level", "node", "msg"};
    return !word.empty() && std::ranges::find(kEverywhere, word) == kEverywhere.end() &&
           std::ranges::all_of(word, [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); });
}

// Takes the key=value words off the end of a line.
Parsed parse(std::string_view line) {
    Parsed parsed{line, {}};
    for (;;) {
        const auto space = parsed.message.rfind(' ');
        if (space == std::string_view::npos) break;
        const auto word = parsed.message.substr(space + 1);
        const auto equals = word.find('=');
        if (equals == std::string_view::npos || !is_key(word.substr(0, equals))) break;
        parsed.fields.emplace_back(word.substr(0, equals), word.substr(equals + 1));
        parsed.message = parsed.message.substr(0, space);
    }
    std::ranges::reverse(parsed.fields);
    return parsed;
}

// A text between quotes, for logfmt: quotes, backslashes and control characters escaped.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return out + '"';
}

}  // namespace

std::string format_event(LogFormat format, const std::string& time, LogLevel level,
                         const std::string& node, std::string_view line) {
    std::string clean(line);
    std::ranges::replace_if(
        clean, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
    if (format == LogFormat::text) {
        return time + " " + std::string(name_of(level)) + " [" + node + "] " + clean + "\n";
    }
    const auto parsed = parse(clean);
    if (format == LogFormat::logfmt) {
        std::string out = "ts=" + time + " level=" + std::string(name_of(level)) + " node=" + node +
                          " msg=" + quoted(parsed.message);
        for (const auto& [key, value] : parsed.fields) {
            const bool plain = value.find_first_of("\"=\\") == std::string_view::npos;
            out += " " + std::string(key) + "=" + (plain ? std::string(value) : quoted(value));
        }
        return out + "\n";
    }
    Poco::JSON::Object object(Poco::JSON_PRESERVE_KEY_ORDER);
    object.set("ts", time);
    object.set("level", std::string(name_of(level)));
    object.set("node", node);
    object.set("msg", std::string(parsed.message));
    for (const auto& [key, value] : parsed.fields) {
        object.set(std::string(key), std::string(value));
    }
    std::ostringstream out;
    object.stringify(out);
    return out.str() + "\n";
}

LogOutput::LogOutput(LogLevel level, LogFormat format, std::string node, int descriptor)
    : level_(level), format_(format), node_(std::move(node)), descriptor_(descriptor) {}

void LogOutput::write(LogLevel level, std::string_view line) {
    if (level < level_.load()) return;
    const Poco::Timestamp now;
    const auto time =
        Poco::DateTimeFormatter::format(now, Poco::DateTimeFormat::ISO8601_FRAC_FORMAT);
    const auto text = format_event(format_, time, level, node_, line);
    const std::lock_guard lock(mutex_);
    (void)!::write(descriptor_, text.data(), text.size());
}

}  // namespace electiond
