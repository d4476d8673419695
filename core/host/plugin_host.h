// Finds plugins by name, tries them, loads them, and calls their factories.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/library.h"
#include "host/probe.h"

namespace electiond {

// A plugin `tcp` is the file `tcp.so` of the first directory that has it. A file is tried in a
// child process before this one loads it; a good outcome is remembered until the file changes.
// Libraries stay loaded until the process ends, so plugin objects may outlive the host. Thread
// rule: one thread at a time.
class PluginHost {
  public:
    // How long a library may take to load before it counts as hanging. Ample: a machine that boots,
    // or starts many nodes at once, needs seconds for what takes milliseconds otherwise.
    static constexpr std::chrono::seconds kProbeLimit{30};

    // Touches no file. Without a `probe_program` (the path of electiond itself) nothing is tried:
    // a library that crashes while loading then takes the process with it.
    PluginHost(std::vector<std::filesystem::path> directories, std::filesystem::path probe_program,
               Log log, std::chrono::milliseconds probe_limit = kProbeLimit);

    // How long try_together() waits.
    static constexpr std::chrono::seconds kTogetherLimit{2};

    // To be faster: tries the files of these plugins together, as usable_of() does, under its
    // condition. Reports nothing: what is not found usable so, is tried alone where it is made.
    void try_together(const std::set<std::string>& plugins,
                      std::chrono::milliseconds limit = kTogetherLimit);

    // Loads the plugin and calls its factory; never null, owned by the caller. Throws
    // Error: code config and one line that names file, finding, expectation and remedy; or what
    // Library throws about its options. `named_by` says where an operator named the plugin, as in
    // "node.yaml:3:14: discovery[0].plugin is \"tcp\"": an Error about the name or the file begins
    // with it.
    [[nodiscard]] std::unique_ptr<Transport> make_transport(const std::string& plugin,
                                                            const PluginSetup& setup,
                                                            const std::string& named_by = "");
    [[nodiscard]] std::unique_ptr<Discovery> make_discovery(const std::string& plugin,
                                                            const PluginSetup& setup,
                                                            const std::string& named_by = "");

    // Tries every *.so of the directories: in the order of the directories, and by name within one.
    // The fault of a file may be that an earlier directory has a file of the same name. Throws
    // Error (code os) if no child can be started.
    [[nodiscard]] std::vector<PluginInfo> list() const;

  private:
    // By which a file that has changed is recognised.
    struct Stamp {
        std::filesystem::file_time_type changed;
        std::uintmax_t size;

        bool operator==(const Stamp&) const = default;
    };
    struct Good {
        Stamp stamp;
        PluginInfo info;
    };

    // nullopt if the file cannot be read.
    [[nodiscard]] static std::optional<Stamp> stamp_of(const std::filesystem::path& file);

    // The file of a plugin in the first directory that has it; empty if there is none.
    [[nodiscard]] std::filesystem::path file_of(const std::string& plugin) const;
    [[nodiscard]] std::filesystem::path find(const std::string& plugin, PluginKind kind) const;
    [[nodiscard]] std::set<std::string> names(PluginKind kind) const;
    [[nodiscard]] PluginInfo tried(const std::filesystem::path& file,
                                   std::chrono::milliseconds limit) const;
    [[nodiscard]] Library load(const std::string& plugin, PluginKind kind) const;
    [[nodiscard]] Library load(const std::string& plugin, PluginKind kind,
                               const std::string& named_by) const;

    std::vector<std::filesystem::path> directories_;
    std::filesystem::path probe_program_;
    Log log_;
    std::chrono::milliseconds probe_limit_;
    mutable std::map<std::filesystem::path, Good> good_;
};

}  // namespace electiond
