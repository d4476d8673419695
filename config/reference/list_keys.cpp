// Prints the keys of the configuration as the program reads them, one a line: name, type, default,
// and what a reload does, separated by tabs. make-reference and config/man/make-manual add the
// texts of config/node.yaml.
//
// The types are not written down a second time: each key is given wrong values, and the faults say
// what it must be.
#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>

#include "reload/table.h"
#include "settings/schema.h"
#include "settings/settings.h"

namespace electiond {
namespace {

// Values of keys as flow YAML.
class Tree {
  public:
    void put(std::string_view path, const std::string& text) {
        if (path.empty()) {
            text_ = text;
            return;
        }
        const auto dot = path.find('.');
        const auto rest = dot == std::string_view::npos ? "" : path.substr(dot + 1);
        below_[std::string(path.substr(0, dot))].put(rest, text);
    }
    void remove(std::string_view path) {
        const auto dot = path.find('.');
        const auto found = below_.find(std::string(path.substr(0, dot)));
        if (found == below_.end()) return;
        if (dot == std::string_view::npos) {
            below_.erase(found);
        } else {
            found->second.remove(path.substr(dot + 1));
        }
    }
    [[nodiscard]] std::string yaml() const {
        if (below_.empty()) return text_;
        std::string all;
        for (const auto& [key, value] : below_) {
            all += (all.empty() ? "{" : ", ") + key + ": " + value.yaml();
        }
        return all + "}";
    }

  private:
    std::string text_ = "{}";
    std::map<std::string, Tree> below_;
};

// The required keys, and those without which an optional section cannot be read.
Tree least() {
    Tree tree;
    for (const auto* path :
         {"node.id", "node.data_dir", "cluster.name", "api.tls.cert", "api.tls.key",
          "transport.tls.cert", "transport.tls.key", "transport.tls.ca"}) {
        tree.put(path, "x");
    }
    tree.put("election.health.command", "[x]");
    tree.put("discovery", "[{plugin: x}]");
    return tree;
}

// An upper limit of another key: where it appears in a range, that key is meant.
constexpr char kConnections[] = "31416";

class Reader {
  public:
    Reader() {
        auto name = (std::filesystem::temp_directory_path() / "keys-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
        folder_ = name;
    }
    ~Reader() { std::filesystem::remove_all(folder_); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    [[nodiscard]] Draft read(const Tree& tree) const {
        const auto file = folder_ / "node.yaml";
        std::ofstream(file) << tree.yaml() << '\n';
        return read_settings(ConfigSource::of_file(file), {});
    }

    // What the fault says that the key must be if it has this value; empty if there is none.
    [[nodiscard]] std::string expected(std::string_view path, const std::string& value) const {
        constexpr std::string_view kMust = ", but must be ";
        auto tree = least();
        tree.put("api.limits.connections", kConnections);
        tree.put("transport.limits.connections", kConnections);
        tree.put(path, value);
        for (const auto& fault : read(tree).faults) {
            const auto must = fault.find(kMust);
            if (fault.find(": " + std::string(path) + " is ") == std::string::npos) continue;
            if (must != std::string::npos) return fault.substr(must + kMust.size());
        }
        return {};
    }

    [[nodiscard]] bool is_required(std::string_view path) const {
        auto tree = least();
        tree.remove(path);
        const auto missing = ": " + std::string(path) + " is missing, but required";
        const auto faults = read(tree).faults;
        return std::ranges::any_of(
            faults, [&](const auto& fault) { return fault.find(missing) != std::string::npos; });
    }

    // The value as the program has it, and where it comes from.
    [[nodiscard]] OptionValue value(std::string_view path, const Tree& tree) const {
        auto at = read(tree).settings.merged;
        while (true) {
            const auto dot = path.find('.');
            const auto entry = std::ranges::find(at.map, path.substr(0, dot),
                                                 [](const auto& each) { return each.key; });
            if (entry == at.map.end()) return {};
            auto below = std::move(entry->value);
            at = std::move(below);
            if (dot == std::string_view::npos) return at;
            path.remove_prefix(dot + 1);
        }
    }

    // Relative paths are made absolute.
    [[nodiscard]] bool holds_paths(std::string_view path, const std::string& item) const {
        auto tree = least();
        tree.put(path, "[" + item + "]");
        const auto list = value(path, tree).list;
        return !list.empty() && list.front().text.starts_with('/');
    }

  private:
    std::filesystem::path folder_;
};

bool cut_start(std::string& text, std::string_view start) {
    if (!text.starts_with(start)) return false;
    text.erase(0, start.size());
    return true;
}

// "from 1 to 31416" -> "1 to connections"
std::string range(std::string text) {
    cut_start(text, "from ");
    if (const auto at = text.find(kConnections); at != std::string::npos) {
        text.replace(at, sizeof kConnections - 1, "connections");
    }
    return text;
}

// "an octal mode that …, as in 0660" -> "octal mode that …"
std::string bare(std::string text) {
    text = text.substr(0, text.find_first_of(",;"));
    if (!cut_start(text, "a ")) cut_start(text, "an ");
    return text;
}

std::string type_of(const Key& key, const Reader& reader) {
    if (key.shape == Shape::section || key.shape == Shape::plugin_section) return "map";
    if (key.shape == Shape::plugin_list) return "list of plugins";
    auto type = reader.expected(key.path, "{x: x}");
    if (type.starts_with("a list")) {
        if (reader.holds_paths(key.path, "x")) return "list of paths";
        return reader.holds_paths(key.path, "x/y") ? "list: a command and its arguments" : "list";
    }
    if (type.starts_with("a duration")) {
        return "duration, " + range(reader.expected(key.path, "0ms"));
    }
    if (cut_start(type, "a whole number ")) return "whole number, " + range(type);
    if (type.starts_with("a path")) return "path";
    if (type.starts_with("a non-empty string")) {
        type = reader.expected(key.path, "x y");
        type = type.empty() ? "text" : bare(type);
        return type + (key.shape == Shape::text_or_list ? "; unix:PATH; a list of these" : "");
    }
    return type.starts_with("host:port") ? bare(type) : type;
}

std::string default_of(const Key& key, const Reader& reader) {
    constexpr std::string_view kDefault = "default";
    if (reader.is_required(key.path)) return "required";
    if (key.shape == Shape::section || key.shape == Shape::plugin_section) return "";
    const auto value = reader.value(key.path, least());
    if (!value.where.starts_with(kDefault)) return "";
    if (value.where == kDefault) return value.text;
    return value.text + " (" + value.where.substr(kDefault.size() + 2) + ")";
}

std::string reload_of(const Key& key) {
    if (key.shape == Shape::section || key.shape == Shape::plugin_section) return "";
    const auto& rule = reload_rule(key.path);
    if (rule.what == OnReload::restart) return "restart";
    return rule.group == ReloadGroup::none ? "live" : "live, if";
}

}  // namespace
}  // namespace electiond

int main() {
    using namespace electiond;
    const Reader reader;
    for (const auto& key : schema()) {
        std::cout << key.path << '\t' << type_of(key, reader) << '\t' << default_of(key, reader)
                  << '\t' << reload_of(key) << '\n';
    }
    return std::cout.flush() ? 0 : 1;
}
