// Files that no crash leaves half written: read with a bound, replaced or published in one step.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace electiond::discovery {

// Owns a file descriptor, or none (-1).
class Descriptor {
  public:
    explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor();

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

  private:
    int fd_;
};

// All below throw Error naming the file, what failed and the remedy. Any thread.

// Excludes every other FileLock on the same file, in this process and in others, while it lives.
// Waits for at most `patience`. The kernel gives it back when a process dies.
class FileLock {
  public:
    FileLock(const std::filesystem::path& lock_file, std::chrono::milliseconds patience);

  private:
    Descriptor file_;
};

// The first `size_max` + 1 bytes, so that the caller sees what is too long. Nothing where there is
// no file; Error where there is no folder, or no regular file.
[[nodiscard]] std::optional<std::string> read_file(const std::filesystem::path& file,
                                                   std::size_t size_max);

// After it, also after a crash, the file holds the old text or `text`, whole; durable on return.
void replace_file(const std::filesystem::path& file, const std::string& text);

// Creates the file with all of `text` in it. False where it already stands. sync_folder() makes
// either outcome durable.
[[nodiscard]] bool publish_file(const std::filesystem::path& file, const std::string& text);

// Makes the names in the file's folder durable.
void sync_folder(const std::filesystem::path& file);

// Removes what a writer that died has left beside the file. Only under the lock that all writers
// of this file take.
void remove_leftovers(const std::filesystem::path& file);

}  // namespace electiond::discovery
