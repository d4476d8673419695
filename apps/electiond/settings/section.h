// Typed reading of one section: what is wrong becomes a fault, what is read is remembered.
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

// Never throws for what the operator wrote: a wrong value is a fault and reads as if it were not
// given, so that the reader goes on and finds the next one. Borrows everything that it is given.
class Section {
  public:
    using Duration = std::chrono::milliseconds;

    // `path` is "api"; `folder` is where relative paths count from. Where `parent` has no such key
    // the section is empty and every default counts.
    Section(const Section& parent, const std::string& key);
    // A section given as it is: the root, or one entry of a list.
    Section(const Value& value, std::string path, const std::filesystem::path& folder,
            Faults& faults);

    [[nodiscard]] bool has(const std::string& key) const { return value_->find(key) != nullptr; }
    [[nodiscard]] const Value* find(const std::string& key) const { return value_->find(key); }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string full(const std::string& key) const;
    [[nodiscard]] std::string where(const std::string& key) const;    // else of the section
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
    // `origin` says in print_settings how a default came about.
    Duration duration(const std::string& key, Duration least, Duration most, Duration otherwise,
                      const std::string& origin = "default");
    std::vector<std::string> texts(const std::string& key);  // empty where not given
    // A path, or a command's first word, in a list counts from the folder, too.
    std::vector<std::filesystem::path> paths(const std::string& key);
    std::vector<std::string> command(const std::string& key);

    // The value of one of the words; `otherwise` is the word that counts where none is given.
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

    // What was read and what counts by default, for print_settings.
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
    bool unreadable_ = false;  // no map: already named as a fault, its keys are not missing, too
    OptionValue merged_;
};

// The value as a plugin (place), or print_settings (origin), sees it. Broken values are left out,
// and for print_settings null, too.
enum class Naming { place, origin };  // `where`: "node.yaml:3:7", or "node.yaml:3, with HOME …"
[[nodiscard]] OptionValue to_option(const Value& value, Naming naming);

// "1s", "1500ms": what parse_duration reads back.
[[nodiscard]] std::string to_text(std::chrono::milliseconds duration);

}  // namespace electiond
