// Files that no crash leaves half written: read with a bound, replaced or published in one step.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include <io/descriptor.h>

namespace electiond::registry {

// All functions below throw Error naming the file, what failed and the remedy. Any thread. None of
// them waits for the other end of a pipe; a file system that does not answer blocks them all the
// same.

// Call it between the steps of a call: throws Error, naming `file`, if a stop was requested.
void stop_if_requested(const std::stop_token& stop, const std::filesystem::path& file);

// "cluster.json.lock": a writer of the registry `file`, or of a claim beside it, holds this lock.
[[nodiscard]] std::filesystem::path lock_path(const std::filesystem::path& file);

// The lock of the registry `file`: excludes every other FileLock of it, in this process and in
// others, while it lives. Waits for at most kWaitLimit, and only until a stop is requested. The
// kernel releases the lock when a process dies.
class FileLock {
  public:
    static constexpr std::chrono::milliseconds kWaitLimit{2000};

    FileLock(const std::filesystem::path& file, const std::stop_token& stop);

  private:
    io::Descriptor file_;
};

// Facts that change with the content of a file, so that it need not be read again. Two writes
// within one tick of the file system's clock may leave the same facts.
struct FileFacts {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t written_ns = 0;  // both since 1970, by the clock of the file system
    std::int64_t changed_ns = 0;  // also by a rename, a new link, or by setting a time

    bool operator==(const FileFacts&) const = default;
};

// The facts of the regular file that `file` is or links to. Of a file on a server they are the
// server's, not what this host has cached. Returns nullopt if they cannot be read: read_file()
// throws the reason.
[[nodiscard]] std::optional<FileFacts> facts_of(const std::filesystem::path& file) noexcept;

// Reads the first `size_max` + 1 bytes, so that the caller can detect a longer file. Returns
// nullopt if there is no file; throws Error if there is no folder, or no regular file.
[[nodiscard]] std::optional<std::string> read_file(const std::filesystem::path& file,
                                                   std::size_t size_max);

// The target of a link: a rename must replace the file, not the link, and all processes that share
// the file must take the same lock. `path` itself if the target cannot be found.
[[nodiscard]] std::filesystem::path real_path(const std::filesystem::path& path);

// Replaces the content. Even after a crash the file has all of the old text or all of `text`.
// Durable when it returns. If root replaces the file of another user, that user still owns it.
void replace_file(const std::filesystem::path& file, const std::string& text);

// Creates the file with all of `text` in it. Returns false if it already exists. sync_folder()
// makes either outcome durable.
[[nodiscard]] bool publish_file(const std::filesystem::path& file, const std::string& text);

// Keeps the present content of `file` as `backup`, replacing a file of that name. On file systems
// without hard links it renames `file`, so that name vanishes.
void keep_backup(const std::filesystem::path& file, const std::filesystem::path& backup);

// Makes the names in the file's folder durable.
void sync_folder(const std::filesystem::path& file);

// Removes what a writer that died has left beside the file. Only under the lock that all writers
// of this file take.
void remove_leftovers(const std::filesystem::path& file, const std::stop_token& stop);

}  // namespace electiond::registry
