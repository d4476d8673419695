// Reads a plugin's section of the configuration by key and type, and collects all its faults.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <electiond/error.h>
#include <electiond/host_keys.h>
#include <electiond/option_value.h>
#include <electiond/wording.h>

namespace electiond {

// Reads "150ms", "2s", "1m", "1h": a whole number and a unit. nullopt if the text is something
// else.
[[nodiscard]] inline std::optional<std::chrono::milliseconds> parse_duration(
    std::string_view text) {
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
        return std::nullopt;
    }
    return std::chrono::milliseconds(number * scale);
}

// A factory reads its options with this class. If the operator wrote something wrong, a reader does
// not throw: it records the fault, with file, line, column, key, value and what was expected, and
// returns the default (for a required key a harmless placeholder). So the factory goes on and finds
// the next fault. When the factory has returned, the host throws all faults in one Error, and
// destroys the object. If the factory throws after a fault was recorded, only the recorded faults
// are shown: the exception may be a consequence of a placeholder.
//
// A key that the factory has not read is unknown, and a fault. So read each key that you know, in
// every case; has() counts as reading. Keys of electiond (host_keys.h) are not options: they are
// never unknown, and a reader throws an Error for them, since only the author can correct that.
//
// The host makes one for each call of a factory, and one thread uses it. A plugin keeps no
// reference to it.
class Options {
  public:
    using Duration = std::chrono::milliseconds;

    explicit Options(PluginKind kind, OptionSection section = {})
        : kind_(kind), section_(std::move(section)) {}
    Options(const Options&) = delete;
    Options& operator=(const Options&) = delete;

    [[nodiscard]] const std::string& section() const { return section_.name; }
    [[nodiscard]] const std::string& where() const { return section_.root.where; }
    // The place of the key; if it is not given, the place of the section.
    [[nodiscard]] const std::string& where(const std::string& key) const {
        return section_.where(key);
    }

    // ---- readers: `otherwise` is the default; without it the key is required --------------------

    [[nodiscard]] bool has(const std::string& key) { return value(key) != nullptr; }

    [[nodiscard]] std::string text(const std::string& key) {
        return require(key) ? text(key, {}) : std::string();
    }
    [[nodiscard]] std::string text(const std::string& key, const std::string& otherwise) {
        const auto* given = scalar(key, "a non-empty string");
        return given == nullptr ? otherwise : *given;
    }

    [[nodiscard]] std::int64_t integer(const std::string& key, std::int64_t least,
                                       std::int64_t most) {
        return require(key) ? integer(key, least, most, least) : least;
    }
    [[nodiscard]] std::int64_t integer(const std::string& key, std::int64_t least,
                                       std::int64_t most, std::int64_t otherwise) {
        const auto expected =
            "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
        const auto* given = scalar(key, expected);
        if (given == nullptr) return otherwise;
        std::int64_t number = 0;
        const auto* end = given->data() + given->size();
        const auto [rest, failed] = std::from_chars(given->data(), end, number);
        const bool padded = given->size() > 1 && given->front() == '0';
        if (failed == std::errc{} && rest == end && !padded && number >= least && number <= most) {
            return number;
        }
        wrong(key, expected + (padded ? ", without leading zeros" : ""));
        return otherwise;
    }

    [[nodiscard]] bool flag(const std::string& key, bool otherwise) {
        const auto* given = scalar(key, "true or false");
        if (given == nullptr) return otherwise;
        if (*given == "true") return true;
        if (*given == "false") return false;
        wrong(key, "true or false");
        return otherwise;
    }

    [[nodiscard]] Duration duration(const std::string& key, Duration otherwise) {
        constexpr char kExpected[] =
            "a duration: a whole number and a unit (ms, s, m or h), as in 150ms or 2s";
        const auto* given = scalar(key, kExpected);
        if (given == nullptr) return otherwise;
        if (const auto parsed = parse_duration(*given)) return *parsed;
        wrong(key, kExpected);
        return otherwise;
    }

    // Relative paths start at the directory of the configuration file.
    [[nodiscard]] std::filesystem::path path(const std::string& key) {
        if (!require(key)) return {};
        const auto* given = scalar(key, "a path that is not empty");
        if (given == nullptr) return {};
        return (section_.directory / *given).lexically_normal();
    }

    [[nodiscard]] std::vector<std::string> list(const std::string& key) {
        const auto* given = of_kind(key, OptionValue::Kind::list, "a list, as in [a, b]");
        std::vector<std::string> texts;
        if (given == nullptr) return texts;
        for (const auto& item : given->list) {
            if (!is_text(item)) {
                wrong_item(key, item, "non-empty strings");
            } else {
                texts.push_back(item.text);
            }
        }
        return texts;
    }

    // A map from text to text, in the order of the file.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> table(const std::string& key) {
        const auto* given = of_kind(key, OptionValue::Kind::map, "a map, as in {a: b}");
        std::vector<std::pair<std::string, std::string>> rows;
        if (given == nullptr) return rows;
        for (const auto& entry : given->map) {
            if (!is_text(entry.value)) {
                wrong_item(key, entry.value, "non-empty strings");
            } else {
                rows.emplace_back(entry.key, entry.value.text);
            }
        }
        return rows;
    }

    // The value as it is in the file, for values that the readers above cannot read. nullptr if it
    // is not given, which is no fault.
    [[nodiscard]] const OptionValue* value(const std::string& key) {
        if (!is_plugins_own(kind_, key)) {
            throw Error("the plugin of the section " + section_.name + " reads the key " + key +
                        ", which belongs to electiond; its author must give the option another "
                        "name (electiond/host_keys.h)");
        }
        if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.push_back(key);
        return section_.find(key);
    }

    // ---- faults that only the plugin can see ---------------------------------------------------

    // "<key> is <value>, but must be <expected>". Does nothing if the key has a fault already: the
    // value may be a placeholder. If the key is not given, it is recorded as missing.
    void wrong(const std::string& key, const std::string& expected) {
        const auto* given = value(key);
        if (given == nullptr) return missing(key);
        if (!is_faulty(key)) fault(key, "is " + given->shown() + ", but must be " + expected);
    }
    // "<key> holds <item>, but must hold <expected>", with the place of the item. `item` is a part
    // of the value of the key.
    void wrong_item(const std::string& key, const OptionValue& item, const std::string& expected) {
        fault(key, "holds " + item.shown() + ", but must hold " + expected, item.where);
    }
    // "<key> is missing, but required; <remedy>". Does nothing if the key has a fault already.
    void missing(const std::string& key, const std::string& remedy = {}) {
        if (is_faulty(key)) return;
        fault(key, "is missing, but required" + (remedy.empty() ? "" : "; " + remedy));
    }
    // "<key> <sentence>", with the place `at`, or that of the key if `at` is empty.
    void fault(const std::string& key, const std::string& sentence, const std::string& at = {}) {
        add(at.empty() ? where(key) : at, full(key) + " " + sentence);
        faulty_.push_back(key);
    }

    // True if a value that was read may be a placeholder.
    [[nodiscard]] bool has_faults() const { return !faults_.empty(); }

    // Throws one Error with all faults so far, one a line; does nothing if there are none. A
    // factory calls it before code that must not run with a placeholder.
    void throw_faults() const {
        if (faults_.empty()) return;
        std::string lines;
        for (const auto& each : faults_) lines += (lines.empty() ? "" : "\n") + each;
        throw Error(lines);
    }

    // For the host, when the factory has returned: records a fault for each key that was not read.
    void refuse_unread() {
        std::vector<std::string> known = asked_;
        for (const auto key : host_keys(kind_)) known.emplace_back(key);
        std::string expected;
        for (const auto& key : known) expected += (expected.empty() ? "" : ", ") + key;
        for (const auto& entry : section_.root.map) {
            if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
            add(entry.where.empty() ? entry.value.where : entry.where,
                "unknown key " + full(entry.key) + "; expected " + expected +
                    suggestion(entry.key, known));
        }
    }

  private:
    [[nodiscard]] static bool is_text(const OptionValue& given) {
        return given.kind == OptionValue::Kind::text && !given.text.empty();
    }
    [[nodiscard]] bool is_faulty(const std::string& key) const {
        return std::find(faulty_.begin(), faulty_.end(), key) != faulty_.end();
    }
    [[nodiscard]] std::string full(const std::string& key) const {
        return section_.name + "." + key;
    }
    void add(const std::string& at, const std::string& sentence) {
        faults_.push_back(on_one_line((at.empty() ? "" : at + ": ") + sentence));
    }
    [[nodiscard]] bool require(const std::string& key) {
        if (value(key) != nullptr) return true;
        missing(key);
        return false;
    }
    [[nodiscard]] const std::string* scalar(const std::string& key, const std::string& expected) {
        const auto* given = value(key);
        if (given == nullptr) return nullptr;
        if (is_text(*given)) return &given->text;
        wrong(key, expected);
        return nullptr;
    }
    [[nodiscard]] const OptionValue* of_kind(const std::string& key, OptionValue::Kind kind,
                                             const std::string& expected) {
        if (!require(key)) return nullptr;
        const auto* given = value(key);
        if (given->kind == kind) return given;
        wrong(key, expected);
        return nullptr;
    }

    PluginKind kind_;
    OptionSection section_;
    std::vector<std::string> asked_;   // the keys that the plugin knows
    std::vector<std::string> faulty_;  // the keys with a fault
    std::vector<std::string> faults_;  // a line each
};

}  // namespace electiond
