// A plugin's own section of the configuration, read by key with the type it should have.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <electiond/error.h>

namespace electiond {

struct OptionEntry;

// One value of the section: a text, a list of values, or a map of values. Scalars stay text until
// a key is read with a type. `where` is "node.yaml:12:5", for messages.
struct OptionValue {
    enum class Kind { text, list, map };
    Kind kind = Kind::text;
    std::string text;
    std::vector<OptionValue> list;
    std::vector<OptionEntry> map;  // in the order of the file
    std::string where;
};

struct OptionEntry {
    std::string key;
    OptionValue value;
};

// Reads "150ms", "2s", "1m", "1h" (a whole number and a unit). Throws Error naming `where` and
// `key`.
[[nodiscard]] inline std::chrono::milliseconds parse_duration(std::string_view text,
                                                              const std::string& where,
                                                              const std::string& key) {
    std::int64_t number = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(text.data(), end, number);
    const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
    const std::int64_t scale = unit == "ms"  ? 1
                               : unit == "s" ? 1000
                               : unit == "m" ? 60'000
                               : unit == "h" ? 3'600'000
                                             : 0;
    if (failed != std::errc{} || scale == 0 || number < 0 ||
        number > std::numeric_limits<std::int64_t>::max() / 1'000'000 / scale) {
        throw Error(where + ": " + key + " is \"" + std::string(text) +
                    "\", but must be a duration: a whole number and a unit (ms, s, m or h), as in "
                    "150ms or 2s");
    }
    return std::chrono::milliseconds(number * scale);
}

// Typed view of one section. accept_only() refuses the keys a plugin does not know.
// Copyable, owns its values, not shared between threads. Every reader throws Error naming file,
// line, column, key, value found and what was expected.
class Options {
  public:
    // `section` names the section in messages ("discovery[0]"); relative paths count from `folder`.
    Options(std::string section, OptionValue root, std::filesystem::path folder)
        : section_(std::move(section)), root_(std::move(root)), folder_(std::move(folder)) {}
    Options() = default;

    [[nodiscard]] const std::string& section() const { return section_; }
    [[nodiscard]] const std::string& where() const { return root_.where; }
    [[nodiscard]] bool has(const std::string& key) const { return find(key) != nullptr; }

    [[nodiscard]] std::string text(const std::string& key) const {
        const auto& value = require(key);
        if (value.kind != OptionValue::Kind::text || value.text.empty())
            wrong(key, value, "a text");
        return value.text;
    }
    [[nodiscard]] std::string text(const std::string& key, const std::string& otherwise) const {
        return has(key) ? text(key) : otherwise;
    }

    [[nodiscard]] std::int64_t integer(const std::string& key, std::int64_t least,
                                       std::int64_t most) const {
        const auto& value = require(key);
        std::int64_t number = 0;
        const auto* end = value.text.data() + value.text.size();
        const auto [rest, failed] = std::from_chars(value.text.data(), end, number);
        if (value.kind != OptionValue::Kind::text || failed != std::errc{} || rest != end ||
            number < least || number > most) {
            wrong(key, value,
                  "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
        }
        return number;
    }
    [[nodiscard]] std::int64_t integer(const std::string& key, std::int64_t least,
                                       std::int64_t most, std::int64_t otherwise) const {
        return has(key) ? integer(key, least, most) : otherwise;
    }

    [[nodiscard]] bool flag(const std::string& key, bool otherwise) const {
        if (!has(key)) return otherwise;
        const auto& value = require(key);
        if (value.kind != OptionValue::Kind::text ||
            (value.text != "true" && value.text != "false")) {
            wrong(key, value, "true or false");
        }
        return value.text == "true";
    }

    [[nodiscard]] std::chrono::milliseconds duration(const std::string& key,
                                                     std::chrono::milliseconds otherwise) const {
        if (!has(key)) return otherwise;
        const auto& value = require(key);
        if (value.kind != OptionValue::Kind::text) wrong(key, value, "a duration, as in 150ms");
        return parse_duration(value.text, value.where, full(key));
    }

    // Relative paths count from the configuration file's own folder.
    [[nodiscard]] std::filesystem::path path(const std::string& key) const {
        const std::filesystem::path given = text(key);
        return given.is_absolute() ? given : (folder_ / given).lexically_normal();
    }

    [[nodiscard]] std::vector<std::string> list(const std::string& key) const {
        const auto& value = require(key);
        if (value.kind != OptionValue::Kind::list) wrong(key, value, "a list");
        std::vector<std::string> texts;
        for (const auto& item : value.list) {
            if (item.kind != OptionValue::Kind::text) wrong(key, item, "a list of texts");
            texts.push_back(item.text);
        }
        return texts;
    }

    // A map from text to text, in the order of the file.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> table(
        const std::string& key) const {
        const auto& value = require(key);
        if (value.kind != OptionValue::Kind::map) wrong(key, value, "a map");
        std::vector<std::pair<std::string, std::string>> rows;
        for (const auto& [name, item] : value.map) {
            if (item.kind != OptionValue::Kind::text) wrong(key, item, "a map of texts");
            rows.emplace_back(name, item.text);
        }
        return rows;
    }

    // Refuses keys that nobody has asked about, all in one Error, a line each, naming the nearest
    // of `known`.
    void accept_only(std::initializer_list<std::string_view> known) const {
        std::string faults;
        for (const auto& [name, value] : root_.map) {
            bool found = false;
            std::string_view nearest;
            std::size_t best = std::numeric_limits<std::size_t>::max();
            for (const auto candidate : known) {
                found = found || candidate == name;
                if (const auto d = distance(candidate, name); d < best) {
                    best = d;
                    nearest = candidate;
                }
            }
            if (found) continue;
            std::string expected;
            for (const auto candidate : known) {
                expected += (expected.empty() ? "; expected " : ", ") + std::string(candidate);
            }
            faults += (faults.empty() ? "" : "\n") + value.where + ": unknown key " + full(name) +
                      (nearest.empty() ? "; no option is known here"
                                       : expected + "; did you mean " + std::string(nearest) + "?");
        }
        if (!faults.empty()) throw Error(faults);
    }

    // Throws an Error that names the place of `key`, its value, and what it must be.
    [[noreturn]] void wrong(const std::string& key, const std::string& expected) const {
        const auto* value = find(key);
        if (value == nullptr) missing(key);
        wrong(key, *value, expected);
    }

    // How many letters must be changed, added or dropped to make one word of the other.
    [[nodiscard]] static std::size_t distance(std::string_view a, std::string_view b) {
        std::vector<std::size_t> row(b.size() + 1);
        for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
        for (std::size_t i = 1; i <= a.size(); ++i) {
            std::size_t diagonal = row[0];
            row[0] = i;
            for (std::size_t j = 1; j <= b.size(); ++j) {
                const std::size_t above = row[j];
                const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = std::min(change, std::min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[b.size()];
    }

  private:
    [[nodiscard]] const OptionValue* find(const std::string& key) const {
        for (const auto& [name, value] : root_.map) {
            if (name == key) return &value;
        }
        return nullptr;
    }
    [[nodiscard]] const OptionValue& require(const std::string& key) const {
        const auto* value = find(key);
        if (value == nullptr) missing(key);
        return *value;
    }
    [[nodiscard]] std::string full(const std::string& key) const { return section_ + "." + key; }
    [[noreturn]] void missing(const std::string& key) const {
        throw Error(root_.where + ": " + full(key) + " is missing, but required");
    }
    [[noreturn]] void wrong(const std::string& key, const OptionValue& value,
                            const std::string& expected) const {
        const std::string found = value.kind == OptionValue::Kind::text   ? "\"" + value.text + "\""
                                  : value.kind == OptionValue::Kind::list ? "a list"
                                                                          : "a map";
        throw Error(value.where + ": " + full(key) + " is " + found + ", but must be " + expected);
    }

    std::string section_;
    OptionValue root_;
    std::filesystem::path folder_;
};

}  // namespace electiond
