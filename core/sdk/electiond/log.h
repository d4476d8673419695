// The logging interface: plugins and core pass lines as values to a function of the host, which
// writes them.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace electiond {

// info: role, leader or peers changed. warning: the operator may have to act, and the text says
// how. error: something failed permanently. debug: every message.
enum class LogLevel { debug, info, warning, error };

// One fact that belongs to a line: `term=7`. Keys are snake_case; `ts`, `level`, `node` and `msg`
// are reserved for the host. A number stays a number in JSON, true and false stay what they are.
struct LogField {
    using Value = std::variant<std::string, std::int64_t, double, bool>;

    LogField(std::string name, std::string_view text)
        : key(std::move(name)), value(std::string(text)) {}
    LogField(std::string name, const char* text) : key(std::move(name)), value(std::string(text)) {}
    LogField(std::string name, const std::string& text) : key(std::move(name)), value(text) {}
    template <std::integral T>
    LogField(std::string name, T number) : key(std::move(name)), value(whole(number)) {}
    template <std::floating_point T>
    LogField(std::string name, T number)
        : key(std::move(name)), value(static_cast<double>(number)) {}

    std::string key;
    Value value;

    [[nodiscard]] std::string value_text() const {
        if (const auto* text = std::get_if<std::string>(&value)) return *text;
        if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
        if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
        char text[32];  // the shortest form that reads back as the same number
        const auto end = std::to_chars(text, text + sizeof text, std::get<double>(value)).ptr;
        return {text, end};
    }
    bool operator==(const LogField&) const = default;

  private:
    template <class T>
    [[nodiscard]] static Value whole(T number) {
        if constexpr (std::same_as<T, bool>) {
            return number;
        } else if constexpr (std::unsigned_integral<T> && sizeof(T) >= sizeof(std::int64_t)) {
            constexpr auto kMost = static_cast<T>(std::numeric_limits<std::int64_t>::max());
            if (number > kMost) return std::to_string(number);
            return static_cast<std::int64_t>(number);
        } else {
            return static_cast<std::int64_t>(number);
        }
    }
};

using LogFields = std::vector<LogField>;

// One event, as a value: the writer decides on the format.
struct LogLine {
    LogLevel level = LogLevel::info;
    std::string text{};  // the fact first, without a line end
    LogFields fields{};

    // "text key=value key=value", without time and level.
    [[nodiscard]] std::string to_string() const {
        std::string line = text;
        for (const auto& field : fields) line += " " + field.key + "=" + field.value_text();
        return line;
    }
};

// Accepts a line. Any thread may call it. It never blocks (a line that can't be kept is dropped and
// counted) and never throws. An empty function drops every line.
using LogSink = std::function<void(LogLine)>;

// A value; copy it freely. Any thread may call it; every call returns at once.
class Log {
  public:
    Log() = default;
    explicit Log(LogSink sink) : sink_(std::move(sink)) {}

    void debug(std::string text, LogFields fields = {}) const {
        write(LogLevel::debug, std::move(text), std::move(fields));
    }
    void info(std::string text, LogFields fields = {}) const {
        write(LogLevel::info, std::move(text), std::move(fields));
    }
    void warning(std::string text, LogFields fields = {}) const {
        write(LogLevel::warning, std::move(text), std::move(fields));
    }
    void error(std::string text, LogFields fields = {}) const {
        write(LogLevel::error, std::move(text), std::move(fields));
    }

  private:
    void write(LogLevel level, std::string text, LogFields fields) const {
        if (sink_) sink_({level, std::move(text), std::move(fields)});
    }

    LogSink sink_;
};

}  // namespace electiond
