// One log line as text.
#include "log_format.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <sstream>
#include <string_view>
#include <variant>

#include <Poco/Ascii.h>
#include <Poco/Dynamic/Var.h>
#include <Poco/JSON/Object.h>
#include <Poco/UTF8Encoding.h>

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

// The length in bytes of the character at the beginning of `text`; 0 if it is not UTF-8.
std::size_t character_size(std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    const int size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (text.size() < static_cast<std::size_t>(size)) return 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    return Poco::UTF8Encoding::isLegal(bytes, size) ? static_cast<std::size_t>(size) : 0;
}

// C0, DEL and C1 control characters can begin a new line or control a terminal.
bool is_control(std::string_view character) {
    const auto first = static_cast<unsigned char>(character.front());
    if (first < 0x80) return first < ' ' || first == 0x7f;
    return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

std::string clean_key(std::string key) {
    std::ranges::replace_if(
        key, [](char c) { return !Poco::Ascii::isAlphaNumeric(c) && c != '.' && c != '-'; }, '_');
    return key;
}

// A text between quotes, for logfmt: quotes and backslashes escaped.
std::string in_quotes(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string as_logfmt(const LogLine& line) {
    std::string out = "msg=" + in_quotes(clean_text(line.text));
    for (const auto& field : line.fields) {
        const auto value = clean_text(field.value_text());
        const bool plain = !value.empty() && value.find_first_of(" \"=\\") == value.npos;
        out += " " + clean_key(field.key) + "=" + (plain ? value : in_quotes(value));
    }
    return out;
}

// JSON has no infinite numbers and no NaN: these become strings.
Poco::Dynamic::Var as_json(const LogField& field) {
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) return *number;
    if (const auto* flag = std::get_if<bool>(&field.value)) return *flag;
    if (const auto* number = std::get_if<double>(&field.value); number && std::isfinite(*number)) {
        return *number;
    }
    return clean_text(field.value_text());
}

}  // namespace

std::string clean_text(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto size = character_size(text);
        const auto character = text.substr(0, std::max<std::size_t>(size, 1));
        if (size == 0) {
            out += '?';
        } else if (is_control(character)) {
            out += ' ';
        } else {
            out += character;
        }
        text.remove_prefix(character.size());
    }
    return out;
}

std::string format_words(const LogLine& line) {
    std::string out = clean_text(line.text);
    for (const auto& field : line.fields) {
        if (field.key == kChangeField) continue;
        out += " " + clean_key(field.key) + "=" + clean_text(field.value_text());
    }
    return out;
}

std::string format_event(LogFormat format, const std::string& time, const std::string& node,
                         const LogLine& line) {
    const std::string level(name_of(line.level));
    if (format == LogFormat::text) {
        return time + " " + level + " [" + node + "] " + format_words(line) + "\n";
    }
    if (format == LogFormat::logfmt) {
        return "ts=" + time + " level=" + level + " node=" + node + " " + as_logfmt(line) + "\n";
    }
    Poco::JSON::Object object(Poco::JSON_PRESERVE_KEY_ORDER);
    object.set("ts", time);
    object.set("level", level);
    object.set("node", node);
    object.set("msg", clean_text(line.text));
    for (const auto& field : line.fields) {
        object.set(clean_key(field.key), as_json(field));
    }
    std::ostringstream out;
    object.stringify(out);
    return out.str() + "\n";
}

}  // namespace electiond
