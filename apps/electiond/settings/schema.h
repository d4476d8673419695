// Every key the configuration knows: its place, its shape, and so its name in the environment.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "settings/yaml_document.h"

namespace electiond {

// section: a map of known keys. plugin_section: a map whose further keys are the plugin's own.
// plugin_list: a list of those.
enum class Shape { section, plugin_section, plugin_list, text, list, text_or_list, map };

struct Key {
    std::string_view path;  // "api.listen"
    Shape shape;
};

// In the order of the reference file; a section stands before its keys.
[[nodiscard]] std::span<const Key> schema();

// "api.listen" -> "ELECTIOND_API_LISTEN"
[[nodiscard]] std::string environment_name(std::string_view path);

// Names each key that the schema does not know, and the nearest that it does.
void refuse_unknown_keys(const Value& root, Faults& faults);

// Puts the values of ELECTIOND_… into the tree, over the file's. A variable of that prefix that is
// neither a key nor another one of ours is a warning: it may well be meant for another program.
// Service links (service_link.h) are left out without one.
void apply_overrides(Value& root, const Environment& env, Faults& faults,
                     std::vector<std::string>& warnings);

}  // namespace electiond
