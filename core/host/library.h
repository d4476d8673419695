// One shared library, opened and checked before it is used.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <electiond/plugin.h>

namespace electiond {

// "discovery", "transport", or "kind 7" for one that this build does not know.
[[nodiscard]] std::string to_string(PluginKind kind);

// Thread rule: none of its own; opening runs the library's constructors in the calling thread.
// The library stays loaded until the process ends, even after this object, so that no object or
// exception of the plugin outlives its code.
class Library {
  public:
    // Opens `file` with all its symbols resolved, finds its descriptor and compares it, before any
    // C++ call is made into the library. Throws Error (code config), one line that names the file,
    // what was found, what was expected, and the remedy. A library that crashes or hangs while it
    // is loaded does so in this process: see probe.h.
    explicit Library(const std::filesystem::path& file);

    [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }
    [[nodiscard]] PluginKind kind() const noexcept { return PluginKind{descriptor_->kind}; }
    [[nodiscard]] std::string name() const { return descriptor_->name; }
    [[nodiscard]] std::string version() const { return descriptor_->version; }

    // Throws Error (code config) if the library is of the other kind.
    void require(PluginKind kind) const;

    // Call the plugin's factory; never return null. Throw Error: all faults of the options in one
    // (code config), a line each; else what the factory throws: an Error with its text and code,
    // any other exception with its text, after the place of the section. The library must be of
    // that kind.
    [[nodiscard]] std::unique_ptr<Discovery> make_discovery(const PluginSetup& setup) const;
    [[nodiscard]] std::unique_ptr<Transport> make_transport(const PluginSetup& setup) const;

  private:
    std::filesystem::path file_;
    const PluginDescriptor* descriptor_;  // lies in the library
};

}  // namespace electiond
