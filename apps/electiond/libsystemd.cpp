// Loads libsystemd and calls it.
#include "libsystemd.h"

#include <dlfcn.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstdint>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

namespace electiond::systemd {
namespace {

// Its interface has had this number since systemd 209.
constexpr char kFile[] = "libsystemd.so.0";

struct Library {
    decltype(&::sd_notify) notify = nullptr;
    decltype(&::sd_watchdog_enabled) watchdog_enabled = nullptr;
    decltype(&::sd_journal_sendv) journal_sendv = nullptr;
    std::string trouble;
};

template <class Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    return function != nullptr;
}

Library load_library() {
    Library loaded;
    auto* const file = ::dlopen(kFile, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (file == nullptr || !find(file, "sd_notify", loaded.notify) ||
        !find(file, "sd_watchdog_enabled", loaded.watchdog_enabled) ||
        !find(file, "sd_journal_sendv", loaded.journal_sendv)) {
        const char* const why = ::dlerror();
        loaded.trouble = std::string(why != nullptr ? why : kFile) +
                         "; install it (Debian's package libsystemd0)";
    }
    return loaded;
}

const Library& library() {
    static const Library loaded = load_library();
    return loaded;
}

// systemd's functions return a negative errno if they fail.
int errno_of(int result) { return -std::min(0, result); }

}  // namespace

const std::string& load() { return library().trouble; }

int notify(const std::string& message) { return errno_of(library().notify(0, message.c_str())); }

std::optional<std::chrono::microseconds> watchdog_limit() {
    std::uint64_t limit = 0;
    if (library().watchdog_enabled(0, &limit) <= 0) return std::nullopt;
    return std::chrono::microseconds(limit);
}

int send_to_journal(const iovec* fields, int count) {
    return errno_of(library().journal_sendv(fields, count));
}

}  // namespace electiond::systemd
