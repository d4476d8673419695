// Parses one YAML text into a tree with the place of each value; stricter than YAML itself.
#pragma once

#include <string>
#include <vector>

#include "settings/environment.h"
#include "settings/faults.h"

namespace electiond {

// Scalars stay text until a key is read with a type: 010 is not 8, and "1" and 1 are the same id.
struct Value {
    // none: null, which counts as missing. broken: its fault was added already, so no further one
    // follows.
    enum class Kind { none, text, list, map, broken };
    struct Entry;

    Kind kind = Kind::none;
    std::string text;
    std::vector<Value> list;
    std::vector<Entry> map;  // in the order of the file
    std::string where;       // "node.yaml:12:5" or "environment ELECTIOND_NODE_ID"
    std::string names;       // environment variables filled into the text: "HOME, PORT"

    [[nodiscard]] const Value* find(
        const std::string& key) const;  // of a map; nullptr if missing or none
};

struct Value::Entry {
    std::string key;
    std::string where;  // of the key
    Value value;
};

// Where a text comes from. Places have line and column, except in the environment.
struct Source {
    std::string name;
    bool has_lines = true;

    [[nodiscard]] std::string place(int line, int column) const;
};

// Reads one document and fills its ${NAME}. Bad syntax, duplicate and non-text keys, anchors,
// aliases, tags, merge keys and a second document are faults, each with its place; `prefix` is the
// key whose value the text is, for messages. An empty text becomes Kind::none. Never throws.
[[nodiscard]] Value parse_yaml(std::string text, const Source& source, const std::string& prefix,
                               const Environment& env, Faults& faults);

}  // namespace electiond
