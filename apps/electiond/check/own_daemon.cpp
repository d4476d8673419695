// Finds the daemon that runs on a data directory.
#include "check/own_daemon.h"

#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <string>

namespace electiond {

// A line of /proc/locks: "1: FLOCK ADVISORY WRITE 4711 fe:00:1234 0 EOF". Does not compare the
// device, since some file systems show another one there than in stat(2). The process must also be
// the one in the lock file.
std::optional<pid_t> daemon_on(const std::filesystem::path& data_dir) {
    const auto lock = data_dir / "lock";
    struct stat facts {};
    pid_t named = 0;
    if (::stat(lock.c_str(), &facts) != 0 || !(std::ifstream(lock) >> named)) return std::nullopt;
    const auto inode = ":" + std::to_string(facts.st_ino);
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
        std::istringstream words(line);
        std::string number, kind, manner, mode, file;
        pid_t holder = 0;
        if (words >> number >> kind >> manner >> mode >> holder >> file && kind == "FLOCK" &&
            holder == named && file.ends_with(inode)) {
            return holder;
        }
    }
    return std::nullopt;
}

}  // namespace electiond
