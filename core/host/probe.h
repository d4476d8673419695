// Tries a library in a child process first, so that a truncated or hostile one ends the child, not
// the daemon.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

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

}  // namespace electiond
