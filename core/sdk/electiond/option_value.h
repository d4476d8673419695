// A plugin's section of the configuration as it is in the file: texts, lists and maps.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <electiond/wording.h>

namespace electiond {

struct OptionEntry;

// One value. Scalars stay text until a key is read with a type.
struct OptionValue {
    // none: a key or an item without a value. A key of this kind counts as not given.
    enum class Kind { text, list, map, none };
    Kind kind = Kind::text;
    std::string text{};
    std::vector<OptionValue> list;
    std::vector<OptionEntry> map;  // in the order of the file
    std::string where{};           // "node.yaml:12:5", for messages

    // For messages: the text in quotes, or the kind of the value.
    [[nodiscard]] std::string shown() const {
        switch (kind) {
            case Kind::list:
                return "a list";
            case Kind::map:
                return "a map";
            case Kind::none:
                return "nothing";
            case Kind::text:
                break;
        }
        return in_quotes(text);
    }
};

struct OptionEntry {
    std::string key{};
    OptionValue value{};
    std::string where{};  // of the key
};

// One section of the configuration; copyable.
struct OptionSection {
    std::string name{};                 // "discovery[0]", for messages
    OptionValue root{};                 // a map
    std::filesystem::path directory{};  // that of the file; relative paths start there

    // The value of a key; nullptr if it is not given.
    [[nodiscard]] const OptionValue* find(const std::string& key) const {
        for (const auto& entry : root.map) {
            if (entry.key == key && entry.value.kind != OptionValue::Kind::none) {
                return &entry.value;
            }
        }
        return nullptr;
    }
    // The place of the value of a key; if the key is not given, the place of the section.
    [[nodiscard]] const std::string& where(const std::string& key) const {
        const auto* value = find(key);
        return value == nullptr ? root.where : value->where;
    }
};

}  // namespace electiond
