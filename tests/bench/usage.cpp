// Reads /proc, and the clock that counts the processor time of a process.
#include "usage.h"

#include <time.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "folder.h"

namespace electiond::cluster {
namespace {

namespace fs = std::filesystem;

double processor_seconds(pid_t pid) {
    clockid_t clock{};
    timespec used{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return 0;
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

// 0 if there is no such line.
long number_after(const std::string& text, const std::string& label) {
    const auto at = text.find(label);
    return at == std::string::npos ? 0 : std::stol(text.substr(at + label.size()));
}

}  // namespace

Usage usage_of(pid_t pid) {
    const auto process = fs::path("/proc") / std::to_string(pid);
    Usage usage{.processor_seconds = processor_seconds(pid),
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
