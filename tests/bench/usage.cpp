// Reads /proc.
#include "usage.h"

#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <system_error>

#include "folder.h"

namespace electiond::cluster {
namespace {

namespace fs = std::filesystem;

// The 14th and 15th field, in clock ticks. The second is the name, in brackets.
double processor_seconds(const fs::path& process) {
    const auto text = read(process / "stat");
    const auto name = text.rfind(')');
    if (name == std::string::npos) return 0;
    std::istringstream rest(text.substr(name + 2));
    std::string skipped;
    for (int field = 3; field < 14; ++field) rest >> skipped;
    long user = 0;
    long system = 0;
    rest >> user >> system;
    return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// 0 if there is no such line.
long number_after(const std::string& text, const std::string& label) {
    const auto at = text.find(label);
    return at == std::string::npos ? 0 : std::stol(text.substr(at + label.size()));
}

}  // namespace

Usage usage_of(pid_t pid) {
    const auto process = fs::path("/proc") / std::to_string(pid);
    Usage usage{.processor_seconds = processor_seconds(process),
                .resident_mb =
                    static_cast<double>(number_after(read(process / "status"), "VmRSS:")) / 1024};
    std::error_code gone;  // a thread or the process ends while we look
    for (fs::directory_iterator at(process / "fd", gone), end; !gone && at != end;
         at.increment(gone)) {
        ++usage.descriptors;
    }
    for (fs::directory_iterator at(process / "task", gone), end; !gone && at != end;
         at.increment(gone)) {
        usage.wake_ups += number_after(read(at->path() / "status"), "\nvoluntary_ctxt_switches:");
    }
    return usage;
}

}  // namespace electiond::cluster
