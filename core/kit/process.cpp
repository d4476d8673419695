// What this process has now, as the kernel lists it: threads, descriptors, memory.
// Children: io/children.h.
#include "kit/process.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace electiond::kit {

namespace fs = std::filesystem;

std::set<std::string> threads_now() {
    std::set<std::string> all;
    for (const auto& entry : fs::directory_iterator("/proc/self/task")) {
        all.insert(entry.path().filename().string());
    }
    return all;
}

std::set<std::string> descriptors_now() {
    std::set<std::string> all;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const auto target = fs::read_symlink(entry.path(), gone).string();
        if (gone || target.ends_with("/fd")) continue;  // this listing's own
        all.insert(entry.path().filename().string() + " " + target);
    }
    return all;
}

std::set<std::string> inheritable_now() {
    std::set<std::string> all;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
        const auto name = entry.path().filename().string();
        const int flags = ::fcntl(std::atoi(name.c_str()), F_GETFD);
        if (flags >= 0 && (flags & FD_CLOEXEC) == 0) all.insert(name);
    }
    return all;
}

// Asked by a thread beside the cases: its descriptor stays open, so that no list of descriptors
// differs by it.
std::size_t resident_bytes() {
    static const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    char text[128] = "";
    if (::pread(file, text, sizeof text - 1, 0) <= 0) return 0;
    char* second = nullptr;
    (void)std::strtoul(text, &second, 10);  // of all pages
    return std::strtoul(second, nullptr, 10) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

bool is_traced_now() {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("TracerPid:")) return std::atoi(line.c_str() + 10) != 0;
    }
    return false;
}

std::set<std::string> dispositions_now() {
    std::set<std::string> all;
    for (int number = 1; number < NSIG; ++number) {
        struct sigaction action {};
        if (::sigaction(number, nullptr, &action) != 0) continue;
        std::ostringstream text;
        text << number << " (" << strsignal(number) << ") ";
        if (action.sa_handler == SIG_DFL) {
            text << "has no handler";
        } else if (action.sa_handler == SIG_IGN) {
            text << "is ignored";
        } else {
            text << "has a handler at " << reinterpret_cast<const void*>(action.sa_handler);
        }
        all.insert(text.str());
    }
    return all;
}

std::string added(const std::set<std::string>& before, const std::set<std::string>& now) {
    std::vector<std::string> more;
    std::ranges::set_difference(now, before, std::back_inserter(more));
    std::string all;
    for (const auto& each : more) all += (all.empty() ? "" : ", ") + each;
    return all;
}

void wait_a_moment() { ::poll(nullptr, 0, 5); }

}  // namespace electiond::kit
