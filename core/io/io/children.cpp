// The child processes that this process has now.
#include "io/children.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace electiond::io {
namespace {

namespace fs = std::filesystem;

// The parent of a process; 0 if it has ended.
pid_t parent_of(const fs::path& process) {
    std::ifstream file(process / "stat");
    std::string text(4096, '\0');  // by read(), which does not throw if the process ends meanwhile
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    const auto name_end = text.rfind(')');  // the name may hold anything
    if (name_end == std::string::npos || name_end + 4 >= text.size()) return 0;
    return static_cast<pid_t>(std::atol(text.c_str() + name_end + 4));  // ") S PARENT"
}

}  // namespace

std::set<pid_t> children_now() {
    std::set<pid_t> all;
    for (const auto& entry : fs::directory_iterator("/proc")) {
        const auto name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        if (parent_of(entry.path()) == ::getpid()) {
            all.insert(static_cast<pid_t>(std::atol(name.c_str())));
        }
    }
    return all;
}

}  // namespace electiond::io
