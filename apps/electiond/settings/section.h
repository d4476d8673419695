// Reads one section by type: adds faults, and records what was read for print_settings.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <electiond/options.h>
#include <electiond/peer.h>

#include "settings/yaml_document.h"

namespace electiond {

// The place of a configuration without a file, for messages about its root.
inline constexpr char kEnvironmentAlone[] = "environment";

// Never throws for a fault of the configuration: a wrong value is added as a fault and counts as
// not given, so that reading continues and finds the next fault. Borrows all its arguments.
class Section {
  public:
    using Duration = std::chrono::milliseconds;

    // The section `key` of `parent`. If there is no such key, it is empty and all defaults apply.
    Section(const Section& parent, const std::string& key);
    // The root, or one entry of a list. `path` is its full name, as in "discovery[0]"; relative
    // paths count from `folder`.
    Section(const Value& value, std::string path, const std::filesystem::path& folder,
            Faults& faults);

    [[nodiscard]] bool has(const std::string& key) const { return value_->find(key) != nullptr; }
    [[nodiscard]] const Value* find(const std::string& key) const { return value_->find(key); }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string full(const std::string& key) const;
    // The place of the key's value. If the key is not given: the place of the section or, without a
    // configuration file, the name of the key's variable.
    [[nodiscard]] std::string where(const std::string& key) const;
    void fault(const std::string& key, const std::string& sentence);  // "<full key> <sentence>"
    [[nodiscard]] std::size_t faults() const { return faults_->count(); }

    void require(const std::string& key, const std::string& remedy);
    std::optional<std::string> text(const std::string& key);
    std::string text(const std::string& key, const std::string& otherwise);
    std::optional<std::filesystem::path> path(const std::string& key);
    std::optional<Endpoint> endpoint(const std::string& key);
    std::optional<std::int64_t> integer(const std::string& key, std::int64_t least,
                                        std::int64_t most);
    std::int64_t integer(const std::string& key, std::int64_t least, std::int64_t most,
                         std::int64_t otherwise);
    bool flag(const std::string& key, bool otherwise);
    // `origin` is the source of the default that print_settings shows.
    Duration duration(const std::string& key, Duration least, Duration most, Duration otherwise,
                      const std::string& origin = "default");
    std::vector<std::string> texts(const std::string& key);  // empty if not given
    // Relative paths in the list, and the command's first word, also count from the folder.
    std::vector<std::filesystem::path> paths(const std::string& key);
    std::vector<std::string> command(const std::string& key);

    // The value that belongs to the given word; `otherwise` is the default word.
    template <class T>
    T choice(const std::string& key, std::string_view otherwise,
             const std::vector<std::pair<std::string_view, T>>& words) {
        std::vector<std::string_view> known;
        for (const auto& [word, meaning] : words) known.push_back(word);
        const auto chosen = chosen_word(key, otherwise, known);
        for (const auto& [word, meaning] : words) {
            if (word == chosen) return meaning;
        }
        return {};
    }

    // Record the values that were read and the defaults, for print_settings.
    void remember(const std::string& key, OptionValue value);
    void remember_default(const std::string& key, const std::string& text,
                          const std::string& origin = "default");
    [[nodiscard]] OptionValue take_merged() { return std::move(merged_); }

  private:
    void wrong(const std::string& key, const Value& value, const std::string& expected);
    const Value* find_text(const std::string& key, const std::string& expected);
    const Value* find_list(const std::string& key);
    std::string chosen_word(const std::string& key, std::string_view otherwise,
                            const std::vector<std::string_view>& known);
    [[nodiscard]] std::filesystem::path absolute(const std::string& path) const;

    const Value* value_;
    std::string path_;
    const std::filesystem::path* folder_;
    Faults* faults_;
    bool has_no_file_;         // each key can be given only by its variable
    bool unreadable_ = false;  // not a map: only this is reported, no missing keys
    OptionValue merged_;
};

// The value for a plugin (place) or for print_settings (origin), without broken values; for
// print_settings also without nulls.
enum class Naming { place, origin };  // `where`: "node.yaml:3:7", or "node.yaml:3, with HOME …"
[[nodiscard]] OptionValue to_option(const Value& value, Naming naming);

// "1s", "1500ms": a form that parse_duration reads.
[[nodiscard]] std::string to_text(std::chrono::milliseconds duration);

}  // namespace electiond
