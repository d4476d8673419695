// Loads the configuration: file, overrides, then one section after the other.
#include "settings/settings.h"

#include <fcntl.h>
#include <io/permission_remedy.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "settings/read_sections.h"
#include "settings/schema.h"

namespace electiond {
namespace {

constexpr std::size_t kFileBytesMax = 1024 * 1024;

// Pipes are fine: `--config <(generate)`.
std::string read_file(const std::filesystem::path& path) {
    const std::string name = path.string();
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        const int error = errno;
        throw Error(name + ": the configuration cannot be read: " + std::strerror(error) + "; " +
                    (error == EACCES
                         ? io::read_permission_remedy(path)
                         : "check --config or ELECTIOND_CONFIG, and the file's permissions"));
    }
    std::string text;
    std::array<char, 16384> buffer{};
    ssize_t size = 0;
    int reason = 0;
    do {
        size = ::read(file, buffer.data(), buffer.size());
        reason = errno;
        if (size > 0) text.append(buffer.data(), static_cast<std::size_t>(size));
    } while ((size > 0 && text.size() <= kFileBytesMax) || (size < 0 && reason == EINTR));
    ::close(file);
    if (size < 0) {
        throw Error(name + ": the configuration cannot be read: " + std::strerror(reason) +
                    (reason == EISDIR
                         ? "; name the file in it, as in " + (path / "node.yaml").string()
                         : ""));
    }
    if (text.size() > kFileBytesMax) {
        throw Error(name + ": the configuration is larger than 1 MiB; is this the right file?");
    }
    return text;
}

void read_discoveries(Section& root, const std::filesystem::path& folder, Faults& faults,
                      Settings& settings) {
    const auto* given = root.find("discovery");
    const std::string remedy =
        "list one plugin at least, as in discovery: [{plugin: file_registry, path: cluster.json}]";
    if (given == nullptr) {
        root.fault("discovery", "is missing, but required; " + remedy);
        return;
    }
    if (given->kind == Value::Kind::broken) return;
    if (given->kind != Value::Kind::list || given->list.empty()) {
        root.fault("discovery",
                   (given->list.empty() && given->kind == Value::Kind::list ? "is empty; "
                                                                            : "must be a list; ") +
                       remedy);
        return;
    }
    OptionValue merged;
    merged.kind = OptionValue::Kind::list;
    merged.where = to_option(*given, Naming::origin).where;
    for (std::size_t i = 0; i < given->list.size(); ++i) {
        const auto& value = given->list[i];
        Section entry(value, "discovery[" + std::to_string(i) + "]", folder, faults);
        if (value.kind == Value::Kind::none) {
            faults.add(value.where, entry.path() + " is empty; name a plugin, or remove the item");
        } else if (value.kind == Value::Kind::map) {
            read_discovery(entry, value, folder, settings);
        }
        merged.list.push_back(entry.take_merged());
    }
    root.remember("discovery", std::move(merged));
}

// Reads each section even if others have faults, so that one message lists all faults.
Settings read_sections(const Value& tree, const std::filesystem::path& folder, Faults& faults,
                       Warnings& warnings) {
    Settings settings;
    Section root(tree, "", folder, faults);
    const auto read = [&](const std::string& key, const auto& reader) {
        Section section(root, key);
        reader(section);
        root.remember(key, section.take_merged());
    };
    read("node", [&](Section& each) { read_node(each, settings); });
    read("cluster", [&](Section& each) { read_cluster(each, settings, warnings); });
    read("api", [&](Section& each) { read_api(each, settings, warnings); });
    read("transport", [&](Section& each) {
        read_transport(each, root.find("transport"), folder, settings, warnings);
    });
    read_discoveries(root, folder, faults, settings);
    const auto faults_before = faults.count();
    read("plugins", [&](Section& each) { read_plugins(each, settings); });
    if (faults.count() > faults_before) {  // the plugins cannot be found without their directories
        settings.transport.plugin.clear();
        for (auto& each : settings.discovery) each.plugin.clear();
    }
    read("election", [&](Section& each) { read_election(each, settings, warnings); });
    read("hooks", [&](Section& each) { read_hooks(each, settings, warnings); });
    read("log", [&](Section& each) { read_log(each, settings); });
    settings.merged = root.take_merged();
    return settings;
}

// Throws Error if nothing can be said of single sections.
Value read_tree(const std::filesystem::path& file, const Environment& env, Faults& faults) {
    const Source source{.name = file.string()};
    auto tree = parse_yaml(read_file(file), source, "", env, faults);
    if (tree.kind == Value::Kind::broken)
        throw_if_any(faults.lines(), file);  // the rest cannot be checked
    if (tree.where.empty()) tree.where = source.place(1, 1);
    if (tree.kind != Value::Kind::map && tree.kind != Value::Kind::none) {
        throw Error(tree.where +
                    ": the configuration must be a map of sections (node, cluster, "
                    "api, transport, discovery, …), each with its keys");
    }
    return tree;
}

// What a file without a section would be, but each missing key is said to be missing from the
// environment.
Value empty_tree() {
    Value tree;
    tree.kind = Value::Kind::map;
    tree.where = kEnvironmentAlone;
    return tree;
}

}  // namespace

ConfigSource ConfigSource::of_file(const std::filesystem::path& file) {
    return {file, std::filesystem::absolute(file).parent_path().lexically_normal()};
}

std::string source_name(const std::filesystem::path& file) {
    return file.empty() ? "the environment" : file.string();
}

Draft read_settings(const ConfigSource& source, const Environment& env) {
    const auto& [file, folder] = source;
    Faults faults;
    Warnings warnings;
    auto tree = file.empty() ? empty_tree() : read_tree(file, env, faults);
    apply_overrides(tree, env, faults, warnings);
    if (tree.kind == Value::Kind::none) {
        throw Error(tree.where +
                    ": the configuration is empty; node.id, node.data_dir, "
                    "cluster.name and discovery are required");
    }
    refuse_unknown_keys(tree, faults);
    auto settings = read_sections(tree, folder, faults, warnings);
    settings.file = file;
    settings.warnings = std::move(warnings);
    return {std::move(settings), faults.lines()};
}

Settings load_settings(const ConfigSource& source, const Environment& env) {
    auto draft = read_settings(source, env);
    throw_if_any(std::move(draft.faults), source.file);
    return std::move(draft.settings);
}

}  // namespace electiond
