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

// Locks the folder as long as this object lives. If the process ends in any way, the kernel
// releases the lock. Thread rule: one thread at a time, except for check_identity.
class DataDir {
  public:
    // The text of the lock file after a record was stored.
    static constexpr std::string_view kUsed = "holds a node";

    // Opens and locks the folder; creates it (mode 0700) if only its parent exists. Throws Error,
    // which names the folder and the remedy: config if the folder can't be used as the settings
    // say, data if another daemon holds it (names which), disk if the disk fails.
    explicit DataDir(const std::filesystem::path& folder);

    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
    [[nodiscard]] int descriptor() const noexcept { return directory_.get(); }

    // True if a record was ever stored here: then a missing record is a loss, and no first start.
    [[nodiscard]] bool used() const noexcept { return used_; }

    // Makes used() true, and the folder itself durable. Call it when the record is stored, before
    // anything is promised that is in it. Throws Error (code disk).
    void mark_used();

    // Checks that the folder is still at its path, with its lock file in it. Throws Error (code
    // disk) if either was removed, moved, replaced or hidden by a mount: then another daemon may
    // run on the folder at that path, and what this one writes is lost when it ends. Returns "", or
    // a sentence if that can't be seen now (no permission, an I/O error): no proof of a loss. Any
    // thread.
    [[nodiscard]] std::string check_identity() const;

    // The same for the open `file`, which must be `name` in the folder. Any thread.
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
