// Finds plugins by name, tries them, loads them, and calls their factories.
#include "host/plugin_host.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

#include <electiond/wording.h>

namespace electiond {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> libraries_in(const fs::path& directory) {
    std::vector<fs::path> files;
    std::error_code failed;
    for (fs::directory_iterator entry(directory, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        if (entry->path().extension() == ".so") files.push_back(entry->path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

// A name is one file in a plugin directory: it never leads out of it.
bool plain(const std::string& name) {
    return !name.empty() && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-' || c == '.';
           });
}

template <class Texts>
std::string joined(const Texts& texts, const std::string& nothing) {
    std::string all;
    for (const auto& text : texts) all += (all.empty() ? "" : ", ") + std::string(text);
    return all.empty() ? nothing : all;
}

// Plugins of ours that need further libraries have a package of their own.
std::string where_to_get(const std::string& plugin) {
    constexpr std::array<std::string_view, 2> kExtra{"dns", "etcd"};
    if (std::ranges::find(kExtra, plugin) == kExtra.end()) {
        return "; install it or correct plugins.directories";
    }
    return "; install the package electiond-plugins-extra or correct plugins.directories";
}

}  // namespace

PluginHost::PluginHost(std::vector<fs::path> directories, fs::path probe_program, Log log,
                       std::chrono::milliseconds probe_limit)
    : directories_(std::move(directories)),
      probe_program_(std::move(probe_program)),
      log_(std::move(log)),
      probe_limit_(probe_limit) {}

fs::path PluginHost::file_of(const std::string& plugin) const {
    std::error_code failed;
    for (const auto& directory : directories_) {
        auto file = directory / (plugin + ".so");
        if (fs::exists(file, failed)) return file;
    }
    return {};
}

std::optional<PluginHost::Stamp> PluginHost::stamp_of(const fs::path& file) {
    std::error_code failed;
    const auto changed = fs::last_write_time(file, failed);
    if (failed) return std::nullopt;
    const auto size = fs::file_size(file, failed);
    if (failed) return std::nullopt;
    return Stamp{changed, size};
}

void PluginHost::try_together(const std::set<std::string>& plugins,
                              std::chrono::milliseconds limit) {
    if (probe_program_.empty()) return;
    std::vector<fs::path> files;
    std::map<fs::path, Stamp> before;
    for (const auto& plugin : plugins) {
        if (!plain(plugin)) continue;
        const auto file = file_of(plugin);
        const auto stamp = stamp_of(file);
        if (!stamp) continue;
        files.push_back(file);
        before.insert_or_assign(file, *stamp);
    }
    try {
        for (auto& info : usable_of(files, limit)) {
            const auto file = info.file;
            good_.insert_or_assign(file, Good{before.at(file), std::move(info)});
        }
    } catch (const std::system_error& error) {
        log_.debug("the plugins cannot be tried together: " + std::string(error.what()));
    }
}

fs::path PluginHost::find(const std::string& plugin, PluginKind kind) const {
    if (!plain(plugin)) {
        throw Error("\"" + plugin + "\" is not a valid name of a " + to_string(kind) +
                    " plugin: it must be letters, digits, \"_\", \"-\" and \".\", not beginning "
                    "with \".\"; its file lies in one of plugins.directories");
    }
    if (auto file = file_of(plugin); !file.empty()) return file;
    std::vector<std::string> searched;
    for (const auto& directory : directories_) {
        std::error_code failed;
        const bool readable = fs::is_directory(directory, failed);
        searched.push_back(directory.string() + (readable ? "" : " (which is not a directory)"));
    }
    const auto there = names(kind);
    const auto meant = suggestion(plugin, there);
    throw Error("there is no " + to_string(kind) + " plugin " + plugin + ": no " + plugin +
                ".so in " + joined(searched, "plugins.directories, which is empty") + "; " +
                to_string(kind) + " plugins there: " + joined(there, "none") +
                (meant.empty() ? where_to_get(plugin) : meant));
}

// Only for a message, so a file that takes long, or that cannot be tried, is left out.
std::set<std::string> PluginHost::names(PluginKind kind) const {
    std::set<std::string> all;
    for (const auto& directory : directories_) {
        for (const auto& file : libraries_in(directory)) {
            try {
                const auto info = tried(file, std::min<std::chrono::milliseconds>(
                                                  probe_limit_, std::chrono::seconds(5)));
                if (info.kind == to_string(kind)) all.insert(info.name);
            } catch (const Error&) {
            }
        }
    }
    return all;
}

PluginInfo PluginHost::tried(const fs::path& file, std::chrono::milliseconds limit) const {
    if (probe_program_.empty()) return inspect_plugin(file);
    const auto stamp = stamp_of(file);
    if (const auto known = good_.find(file);
        known != good_.end() && stamp && known->second.stamp == *stamp) {
        return known->second.info;
    }
    auto info = inspect_in_child(probe_program_, file, limit);
    if (info.fault.empty() && stamp) good_.insert_or_assign(file, Good{*stamp, info});
    return info;
}

Library PluginHost::load(const std::string& plugin, PluginKind kind) const {
    const auto file = find(plugin, kind);
    if (const auto info = tried(file, probe_limit_); !info.fault.empty()) throw Error(info.fault);
    Library library(file);
    library.require(kind);
    log_.debug("plugin loaded", {{"name", plugin},
                                 {"version", library.version()},
                                 {"kind", to_string(library.kind())},
                                 {"file", file.string()}});
    return library;
}

Library PluginHost::load(const std::string& plugin, PluginKind kind,
                         const std::string& named_by) const {
    try {
        return load(plugin, kind);
    } catch (const Error& error) {
        if (named_by.empty() || error.code() != Error::config) throw;
        throw Error(named_by + ": " + error.what());
    }
}

std::unique_ptr<Transport> PluginHost::make_transport(const std::string& plugin,
                                                      const PluginSetup& setup,
                                                      const std::string& named_by) {
    return load(plugin, PluginKind::transport, named_by).make_transport(setup);
}

std::unique_ptr<Discovery> PluginHost::make_discovery(const std::string& plugin,
                                                      const PluginSetup& setup,
                                                      const std::string& named_by) {
    return load(plugin, PluginKind::discovery, named_by).make_discovery(setup);
}

std::vector<PluginInfo> PluginHost::list() const {
    std::vector<PluginInfo> all;
    std::map<fs::path, fs::path> first;  // by file name
    for (const auto& directory : directories_) {
        for (const auto& file : libraries_in(directory)) {
            const auto [winner, unseen] = first.emplace(file.filename(), file);
            all.push_back(unseen ? tried(file, probe_limit_)
                                 : PluginInfo{file.stem().string(),
                                              {},
                                              {},
                                              file,
                                              file.string() +
                                                  ": is never used: " + winner->second.string() +
                                                  " comes first; remove one of them"});
        }
    }
    return all;
}

}  // namespace electiond
