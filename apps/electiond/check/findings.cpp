// The results of a check: faults and warnings.
#include "check/findings.h"

#include <algorithm>

namespace electiond {
namespace {

const OptionValue* find(const OptionValue& map, const std::string& key) {
    const auto at = std::ranges::find(map.map, key, &OptionEntry::key);
    return at == map.map.end() ? nullptr : &at->value;
}

}  // namespace

std::string key_with_place(const Settings& settings, const std::string& section,
                           const std::string& key) {
    const auto full = section + "." + key;
    const auto* map = find(settings.merged, section);
    const auto* value = map == nullptr ? nullptr : find(*map, key);
    if (value == nullptr || value->where.starts_with("default")) return full;
    return value->where + ": " + full;
}

}  // namespace electiond
