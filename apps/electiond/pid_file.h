// The file of --pidfile: holds the number of the running process for whoever supervises it.
#pragma once

#include <filesystem>

#include <io/descriptor.h>

namespace electiond {

// Looks whether the file can be written, so that this is known before the node takes part. Changes
// nothing. Throws Error as PidFile does.
void check_pid_file(const std::filesystem::path& file);

// One thread. Throws Error: `os` where the file cannot be written, `config` where something else
// lies there. It is no guard against a second daemon (the lock of the data directory is), so the
// number of a process that died is overwritten, also where another process has that number by now.
class PidFile {
  public:
    // Checks the file and changes nothing yet. `file` is absolute: --daemon changes the folder.
    explicit PidFile(std::filesystem::path file);
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;
    // Removes the file if it holds the number of this process.
    ~PidFile();

    // Puts the whole file in place in one step; a reader never finds it empty. Refuses where a
    // running electiond has written it.
    void write();

  private:
    void put_in_place(const std::filesystem::path& fresh);

    const std::filesystem::path file_;
    io::Descriptor held_;  // locked while this process lives, whatever becomes of its number later
};

}  // namespace electiond
