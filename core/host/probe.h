// Tries a library in a child process first, so that a truncated or hostile one ends the child, not
// the daemon.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace electiond {

inline constexpr char kProbeOption[] = "--probe-plugin";

// One file that may be a plugin. `fault` is empty if it can be used, else a whole sentence;
// then `kind` ("discovery", "transport") and `version` are empty and `name` is the file's stem.
struct PluginInfo {
    std::string name, version, kind;
    std::filesystem::path file;
    std::string fault;
};

// Opens and checks `file` in this process; returns the fault instead of throwing it.
[[nodiscard]] PluginInfo inspect_plugin(const std::filesystem::path& file);

// The child's side, what `electiond --probe-plugin FILE` and electiond-kit run before anything
// else: opens, checks, prints one line to standard output ("name<TAB>version<TAB>kind", or the
// fault) and returns the exit code: 0 or 78. What the library itself prints goes to standard error.
[[nodiscard]] int probe_plugin(const std::filesystem::path& file);

// The parent's side: runs `program --probe-plugin file` without a shell, with no descriptor of ours
// but the pipe, and waits at most `limit`, then kills the child and its process group (io/child.h).
// A crash, a hang, an early exit become the fault. Throws Error (code os) if no child can be
// started. Any thread.
[[nodiscard]] PluginInfo inspect_in_child(const std::filesystem::path& program,
                                          const std::filesystem::path& file,
                                          std::chrono::milliseconds limit);

// Tries all `files` in one child that is a copy of this process: nothing is executed, so it takes a
// fraction of the time. Returns those that can be used, which says nothing of the others: after a
// crash or at the limit the child has not come to them, and the reason is for inspect_in_child() to
// find. Call it while no other thread may hold a lock that loading a library needs.
[[nodiscard]] std::vector<PluginInfo> usable_of(const std::vector<std::filesystem::path>& files,
                                                std::chrono::milliseconds limit);

}  // namespace electiond
