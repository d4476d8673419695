// The node's folder, locked against a second daemon.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <electiond/error.h>
#include <io/descriptor.h>

namespace electiond {

// Warns, in one sentence, if other users may enter the data directory; "" if they may not, or if
// it does not exist yet. Throws Error (config) if everybody may write to it, as DataDir does.
// Changes nothing. Any thread.
[[nodiscard]] std::string check_access(const std::filesystem::path& folder);

// Holds the folder for as long as it lives; the kernel lets go of it when the process ends, however
// it ends. Thread rule: one thread at a time.
class DataDir {
  public:
    // What the lock file says once a record was stored.
    static constexpr std::string_view kUsed = "holds a node";

    // Opens the folder, made (0700) if it is missing but its parent is there, and locks it. Throws
    // Error, naming folder and remedy: config where the folder cannot be what the settings say,
    // data where another daemon holds it (and which), disk where the disk fails.
    explicit DataDir(const std::filesystem::path& folder);

    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
    [[nodiscard]] int descriptor() const noexcept { return directory_.get(); }

    // Whether a record was ever stored here: then a missing one was lost, and is not a beginning.
    [[nodiscard]] bool used() const noexcept { return used_; }

    // Remembers that, durably. Throws Error (code disk).
    void mark_used();

    // Checks that the folder is still at its path, with its lock file in it. Throws Error (code
    // disk) if either was removed, moved, replaced or hidden by a mount: then another daemon may
    // run on the folder at that path, and what this one writes is lost when it ends. Returns "", or
    // a sentence if that can't be seen now (no permission, an I/O error): no proof of a loss. Any
    // thread.
    [[nodiscard]] std::string check_identity() const;

    // The same for the open `file`, which the folder must hold as `name`. Any thread.
    [[nodiscard]] std::string check_identity(int file, const char* name) const;

  private:
    void write_lock_file();
    [[nodiscard]] std::string unclear(int error) const;
    [[noreturn]] void lost(const std::string& what) const;

    std::filesystem::path folder_;
    io::Descriptor directory_;
    io::Descriptor lock_;
    bool used_ = false;
};

}  // namespace electiond
