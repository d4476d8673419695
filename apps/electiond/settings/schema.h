// All keys of the configuration: the path, the shape and the environment variable of each.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "settings/yaml_document.h"

namespace electiond {

// section: a map of known keys. plugin_section: a map of known keys and keys of the plugin.
// plugin_list: a list of such maps.
enum class Shape { section, plugin_section, plugin_list, text, list, text_or_list, map };

struct Key {
    std::string_view path;  // "api.listen"
    Shape shape;
};

// In the order of the reference file; a section comes before its keys.
[[nodiscard]] std::span<const Key> schema();

// "api.listen" -> "ELECTIOND_API_LISTEN"
[[nodiscard]] std::string environment_name(std::string_view path);

// True if `env` sets a key of the schema, so that a node can be started without a configuration
// file. Two variables do not count, because electiond itself sets them for hooks and for programs
// of a discovery: ELECTIOND_NODE_ID, and ELECTIOND_CLUSTER if its value is a name.
[[nodiscard]] bool sets_a_key(const Environment& env);

// Adds a fault for each key that is not in the schema, with the most similar key that is.
void refuse_unknown_keys(const Value& root, Faults& faults);

// Replaces values of the file by those of the ELECTIOND_… variables. A variable with this prefix
// that is not a key, and that electiond does not use otherwise, only causes a warning: it may be
// meant for another program. Service links (service_link.h) are ignored without a warning.
void apply_overrides(Value& root, const Environment& env, Faults& faults,
                     std::vector<std::string>& warnings);

}  // namespace electiond
