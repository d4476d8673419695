// The file of --pidfile: holds the number of the running process for its supervisor.
#pragma once

#include <filesystem>

#include <io/descriptor.h>

namespace electiond {

// Checks that the file can be written, so that a fault shows before the node joins the election.
// Changes nothing. Throws Error as PidFile does.
void check_pid_file(const std::filesystem::path& file);

// One thread. Throws Error: `os` if the file cannot be written, `config` if it holds something
// other than a process number. It does not prevent a second daemon (the lock of the data directory
// does), so the number of a dead process is overwritten, even if another process has that number by
// now.
class PidFile {
  public:
    // Checks the file and changes nothing yet. `file` is absolute: --daemon changes the folder.
    explicit PidFile(std::filesystem::path file);
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;
    // Removes the file if it holds the number of this process.
    ~PidFile();

    // Replaces the file in one step; a reader never finds it empty. Throws Error (os) if the file
    // belongs to a running electiond.
    void write();

  private:
    void put_in_place(const std::filesystem::path& fresh);

    const std::filesystem::path file_;
    io::Descriptor
        held_;  // locked while this process runs: process numbers are reused, a lock is not
};

}  // namespace electiond
