// The table of keys; finds unknown keys and applies overrides from the environment.
#include "settings/schema.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "settings/service_link.h"

namespace electiond {
namespace {

constexpr std::string_view kPrefix = "ELECTIOND_";
constexpr std::string_view kTransportPrefix = "ELECTIOND_TRANSPORT_";

constexpr std::array kSchema = std::to_array<Key>({
    {"node", Shape::section},
    {"node.id", Shape::text},
    {"node.data_dir", Shape::text},
    {"node.priority", Shape::text},
    {"node.observer", Shape::text},
    {"cluster", Shape::section},
    {"cluster.name", Shape::text},
    {"cluster.bootstrap", Shape::text},
    {"cluster.voters", Shape::list},
    {"cluster.expect", Shape::text},
    {"cluster.max_voters", Shape::text},
    {"api", Shape::section},
    {"api.listen", Shape::text_or_list},
    {"api.token_file", Shape::text},
    {"api.read", Shape::text},
    {"api.insecure", Shape::text},
    {"api.hostnames", Shape::list},
    {"api.socket_mode", Shape::text},
    {"api.socket_group", Shape::text},
    {"api.tls", Shape::section},
    {"api.tls.cert", Shape::text},
    {"api.tls.key", Shape::text},
    {"api.tls.ca", Shape::text},
    {"api.limits", Shape::section},
    {"api.limits.connections", Shape::text},
    {"api.limits.connections_per_address", Shape::text},
    {"api.limits.streams", Shape::text},
    {"api.limits.header_bytes", Shape::text},
    {"api.limits.body_bytes", Shape::text},
    {"api.limits.waiting_requests", Shape::text},
    {"api.limits.request_time", Shape::text},
    {"api.limits.idle_time", Shape::text},
    {"transport", Shape::plugin_section},
    {"transport.plugin", Shape::text},
    {"transport.listen", Shape::text},
    {"transport.advertise", Shape::text},
    {"transport.insecure", Shape::text},
    {"transport.tls", Shape::section},
    {"transport.tls.cert", Shape::text},
    {"transport.tls.key", Shape::text},
    {"transport.tls.ca", Shape::text},
    {"transport.tls.crl", Shape::text},
    {"transport.tls.identity", Shape::text},
    {"transport.limits", Shape::section},
    {"transport.limits.connections", Shape::text},
    {"transport.limits.connections_per_address", Shape::text},
    {"transport.limits.header_bytes", Shape::text},
    {"transport.limits.body_bytes", Shape::text},
    {"transport.limits.waiting_requests", Shape::text},
    {"transport.limits.request_time", Shape::text},
    {"transport.limits.idle_time", Shape::text},
    {"discovery", Shape::plugin_list},
    {"plugins", Shape::section},
    {"plugins.directories", Shape::list},
    {"election", Shape::section},
    {"election.election_timeout", Shape::text},
    {"election.heartbeat_interval", Shape::text},
    {"election.election_spread", Shape::text},
    {"election.request_timeout", Shape::text},
    {"election.hello_interval", Shape::text},
    {"election.client_grant", Shape::text},
    {"election.stable_after", Shape::text},
    {"election.dead_after", Shape::text},
    {"election.when_none_eligible", Shape::text},
    {"election.health", Shape::section},
    {"election.health.command", Shape::list},
    {"election.health.url", Shape::text},
    {"election.health.interval", Shape::text},
    {"election.health.timeout", Shape::text},
    {"election.health.rise", Shape::text},
    {"election.health.fall", Shape::text},
    {"hooks", Shape::section},
    {"hooks.on_leader", Shape::list},
    {"hooks.on_follower", Shape::list},
    {"hooks.on_no_leader", Shape::list},
    {"hooks.timeout", Shape::text},
    {"log", Shape::section},
    {"log.level", Shape::text},
    {"log.format", Shape::text},
});

// Variables of electiond that are not keys: the path of the configuration, and those that hooks and
// programs of a discovery get and their children inherit. ELECTIOND_NODE_ID is a key, too.
constexpr std::array<std::string_view, 10> kOtherVariables = {"ELECTIOND_CONFIG",
                                                              "ELECTIOND_EVENT",
                                                              "ELECTIOND_CLUSTER",
                                                              "ELECTIOND_LEADER_ID",
                                                              "ELECTIOND_PREVIOUS_LEADER_ID",
                                                              "ELECTIOND_TERM",
                                                              "ELECTIOND_FENCING_TOKEN",
                                                              "ELECTIOND_REASON",
                                                              "ELECTIOND_INDEX",
                                                              "ELECTIOND_PEER"};

std::string_view parent_of(std::string_view path) {
    const auto dot = path.rfind('.');
    return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

std::string_view last_of(std::string_view path) { return path.substr(path.rfind('.') + 1); }

const Key* find_key(std::string_view path) {
    const auto found = std::find_if(kSchema.begin(), kSchema.end(),
                                    [&](const Key& key) { return key.path == path; });
    return found == kSchema.end() ? nullptr : &*found;
}

std::vector<std::string_view> keys_of(std::string_view section) {
    std::vector<std::string_view> names;
    for (const auto& key : kSchema) {
        if (parent_of(key.path) == section) names.push_back(last_of(key.path));
    }
    return names;
}

// If another section has a key of this name, that key is the suggestion.
std::string meant_by(const std::string& name, const std::vector<std::string_view>& siblings) {
    for (const auto& key : kSchema) {
        if (last_of(key.path) == name) return "; did you mean " + std::string(key.path) + "?";
    }
    return suggestion(name, siblings);
}

void refuse_unknown_keys_in(const Value& map, const std::string& section, Faults& faults) {
    const auto known = keys_of(section);
    const auto* own = find_key(section);
    const bool open = own != nullptr && own->shape == Shape::plugin_section;
    for (const auto& [name, where, value] : map.map) {
        const auto path = section.empty() ? name : section + "." + name;
        const auto* key = find_key(path);
        if (key == nullptr && open) continue;  // the plugin refuses what it does not know
        if (key == nullptr) {
            faults.add(where, "unknown key " + path + "; expected " + joined_by_or(known) +
                                  meant_by(name, known));
        } else if (value.kind == Value::Kind::map &&
                   (key->shape == Shape::section || key->shape == Shape::plugin_section)) {
            refuse_unknown_keys_in(value, path, faults);
        }
    }
}

bool is_flow(std::string_view text, char open, char close) {
    const auto first = text.find_first_not_of(" \t\n");
    const auto last = text.find_last_not_of(" \t\n");
    return first != std::string_view::npos && text[first] == open && text[last] == close;
}

// True if the variable's text is YAML. "[::1]:7400" begins like a list, but is not one.
bool holds_yaml(Shape shape, std::string_view text) {
    switch (shape) {
        case Shape::text:
            return false;
        case Shape::text_or_list:
            return is_flow(text, '[', ']');
        default:
            return true;
    }
}

Value read_variable(const std::string& name, const std::string& text, const Key& key,
                    const Environment& env, Faults& faults) {
    const Source source{.name = "environment " + name, .has_lines = false};
    const std::string path(key.path);
    if (text.find_first_not_of(" \t\n") == std::string::npos) {
        faults.add(source.name, path + " is set but empty; give it a value or unset " + name);
        Value broken;
        broken.kind = Value::Kind::broken;
        broken.where = source.name;
        return broken;
    }
    if (holds_yaml(key.shape, text)) return parse_yaml(text, source, path, env, faults);
    Value value;
    value.kind = Value::Kind::text;
    value.where = source.name;
    const auto faults_before = faults.count();
    auto expanded = expand(text, env, source.name, path, faults);
    value.text = std::move(expanded.text);
    value.names = std::move(expanded.names);
    if (faults.count() > faults_before) value.kind = Value::Kind::broken;
    return value;
}

// Sets `path` in the tree and creates missing sections. A section that is not a map keeps its fault
// and gets no values.
void put_at(Value& root, std::string_view path, Value value) {
    Value* map = &root;
    while (true) {
        if (map->kind == Value::Kind::none) {
            map->kind = Value::Kind::map;
            if (map->where.empty()) map->where = value.where;
        }
        if (map->kind != Value::Kind::map) return;
        const auto dot = path.find('.');
        const std::string name(path.substr(0, dot));
        auto entry = std::find_if(map->map.begin(), map->map.end(),
                                  [&](const auto& each) { return each.key == name; });
        if (entry == map->map.end()) {
            entry = map->map.insert(entry, {name, value.where, {}});
        }
        map = &entry->value;
        if (dot == std::string_view::npos) break;
        path.remove_prefix(dot + 1);
    }
    *map = std::move(value);
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (auto& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

// A daemon started from a hook finds the cluster's name in this variable, which is no section.
bool is_name_of_cluster(const std::string& name, std::string_view text) {
    return name == "ELECTIOND_CLUSTER" && !is_flow(text, '{', '}');
}

// ELECTIOND_TRANSPORT_QUEUE_LENGTH -> transport.queue_length, a key of a third-party plugin.
void put_plugins_key(Value& root, const std::string& name, const std::string& text,
                     const Environment& env, Faults& faults) {
    const auto path = "transport." + lower(std::string_view(name).substr(kTransportPrefix.size()));
    const bool flow = is_flow(text, '[', ']') || is_flow(text, '{', '}');
    const Key key{.path = path, .shape = flow ? Shape::map : Shape::text};
    put_at(root, path, read_variable(name, text, key, env, faults));
}

}  // namespace

std::span<const Key> schema() { return kSchema; }

std::string environment_name(std::string_view path) {
    std::string name(kPrefix);
    for (const char c : path) {
        name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return name;
}

bool sets_a_key(const Environment& env) {
    return std::ranges::any_of(kSchema, [&](const Key& key) {
        const auto found = env.find(environment_name(key.path));
        return found != env.end() && key.path != "node.id" &&
               !is_name_of_cluster(found->first, found->second);
    });
}

void refuse_unknown_keys(const Value& root, Faults& faults) {
    if (root.kind == Value::Kind::map) refuse_unknown_keys_in(root, "", faults);
}

void apply_overrides(Value& root, const Environment& env, Faults& faults,
                     std::vector<std::string>& warnings) {
    std::vector<std::string> names;
    for (const auto& key : kSchema) {
        const auto name = names.emplace_back(environment_name(key.path));
        const auto found = env.find(name);
        if (found == env.end()) continue;
        const auto& text = found->second;
        if (is_name_of_cluster(name, text)) continue;
        put_at(root, key.path, read_variable(name, text, key, env, faults));
    }
    const std::vector<std::string_view> known(names.begin(), names.end());
    for (auto at = env.lower_bound(std::string(kPrefix));
         at != env.end() && at->first.starts_with(kPrefix); ++at) {
        const auto& [name, text] = *at;
        if (std::find(known.begin(), known.end(), name) != known.end() ||
            std::find(kOtherVariables.begin(), kOtherVariables.end(), name) !=
                kOtherVariables.end() ||
            is_service_link(name, env)) {
            continue;
        }
        if (name.size() > kTransportPrefix.size() && name.starts_with(kTransportPrefix)) {
            put_plugins_key(root, name, text, env, faults);
        } else {
            warnings.push_back("the environment variable " + name +
                               " overrides no key and is ignored" + suggestion(name, known));
        }
    }
}

}  // namespace electiond
