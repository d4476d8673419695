// One YAML text as a tree in which everything knows its place, strict where YAML is lenient.
#pragma once

#include <string>
#include <vector>

#include "settings/environment.h"
#include "settings/faults.h"

namespace electiond {

// Scalars stay text until a key is read with a type: 010 is not 8, and "1" and 1 are the same id.
struct Value {
    // none: null, which counts as missing. broken: already named as a fault; say no more about it.
    enum class Kind { none, text, list, map, broken };
    struct Entry;

    Kind kind = Kind::none;
    std::string text;
    std::vector<Value> list;
    std::vector<Entry> map;  // in the order of the file
    std::string where;       // "node.yaml:12:5" or "environment ELECTIOND_NODE_ID"
    std::string names;       // environment variables filled into the text: "HOME, PORT"

    [[nodiscard]] const Value* find(const std::string& key) const;  // map: its value, none omitted
};

struct Value::Entry {
    std::string key;
    std::string where;  // of the key
    Value value;
};

// Where a text comes from. A line and column follow the name, but for the environment.
struct Source {
    std::string name;
    bool has_lines = true;

    [[nodiscard]] std::string place(int line, int column) const;
};

// Reads one document and fills its ${NAME}. Bad syntax, duplicate and non-text keys, anchors,
// aliases, tags, merge keys and a second document are faults, each with its place; `prefix` is the
// key under which the text stands, for messages. An empty text gives none. Never throws.
[[nodiscard]] Value parse_yaml(std::string text, const Source& source, const std::string& prefix,
                               const Environment& env, Faults& faults);

}  // namespace electiond
