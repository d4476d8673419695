// All values of a configuration as plain text, and what differs between two.
#include "settings/differences.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "settings/secrets.h"

namespace electiond {
namespace {

constexpr std::string_view kTokenFile = "api.token_file";
constexpr char kBetween = '\0';  // separates texts of a list, and a path from the file's content

bool is_list_of_texts(const OptionValue& value) {
    return value.kind == OptionValue::Kind::list && !value.list.empty() &&
           std::ranges::all_of(value.list, [](const OptionValue& item) {
               return item.kind == OptionValue::Kind::text;
           });
}

SettingValue list_of_texts(const std::string& path, const OptionValue& value, Display display) {
    SettingValue all{path, "", ""};
    for (const auto& item : value.list) {
        all.value += item.text + kBetween;
        all.shown += (all.shown.empty() ? "[" : ", ") + masked(item.text, display);
    }
    all.shown += "]";
    return all;
}

void collect(const OptionValue& value, const std::string& path, Display display,
             std::vector<SettingValue>& into) {
    if (value.kind == OptionValue::Kind::text) {
        into.push_back({path, value.text, masked(value.text, display)});
    } else if (is_list_of_texts(value)) {
        into.push_back(list_of_texts(path, value, display));
    } else {
        for (std::size_t i = 0; i < value.list.size(); ++i) {
            collect(value.list[i], path + "[" + std::to_string(i) + "]", display, into);
        }
    }
    for (const auto& [key, item, where] : value.map) {
        const auto full = path.empty() ? key : path + "." + key;
        collect(item, full, display == Display::secret ? display : display_of(full, key), into);
    }
}

// Two contents of one file are shown in the same way, so the second is marked.
std::string marked(const SettingValue& before, const SettingValue& after) {
    return before.shown == after.shown && after.key == kTokenFile ? after.shown + " (new content)"
                                                                  : after.shown;
}

}  // namespace

std::vector<SettingValue> setting_values(const Settings& settings) {
    std::vector<SettingValue> all;
    collect(settings.merged, "", Display::plain, all);
    for (auto& each : all) {
        if (each.key == kTokenFile) each.value += kBetween + settings.api.token;
    }
    return all;
}

std::vector<std::string> discovery_texts(const Settings& settings) {
    std::vector<std::string> texts;
    for (const auto& [key, section, where] : settings.merged.map) {
        if (key != "discovery") continue;
        for (const auto& entry : section.list) {
            std::vector<SettingValue> values;
            collect(entry, "", Display::plain, values);
            auto& text = texts.emplace_back();
            for (const auto& each : values) text += each.key + kBetween + each.value + kBetween;
        }
    }
    return texts;
}

std::vector<Difference> differences(const std::vector<SettingValue>& before,
                                    const std::vector<SettingValue>& after) {
    std::map<std::string_view, const SettingValue*> gone;
    for (const auto& each : before) gone[each.key] = &each;
    std::vector<Difference> all;
    for (const auto& each : after) {
        const auto old = gone.find(each.key);
        if (old == gone.end()) {
            all.push_back({each.key, std::nullopt, each.shown});
            continue;
        }
        if (old->second->value != each.value) {
            all.push_back({each.key, old->second->shown, marked(*old->second, each)});
        }
        gone.erase(old);
    }
    for (const auto& each : before) {
        if (gone.contains(each.key)) all.push_back({each.key, each.shown, std::nullopt});
    }
    return all;
}

}  // namespace electiond
