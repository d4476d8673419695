// Stands between a program and the system's names: in its own executable, or loaded before it
// (LD_PRELOAD).
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "name_service.h"

namespace {

namespace names = electiond::names;

constexpr int kLookAgainMs = 10;  // while a name hangs

using Words = std::vector<std::string>;

std::optional<Words> meaning_of(const std::string& name) {
    const char* file = std::getenv(names::kVariable);
    if (file == nullptr) return std::nullopt;
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string word;
        if (!(words >> word) || word != name) continue;
        Words addresses;
        while (words >> word) addresses.push_back(word);
        return addresses;
    }
    return std::nullopt;
}

void note(const std::string& name) {
    const auto file = std::string(std::getenv(names::kVariable)) + names::kAskedSuffix;
    const int asked = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const auto line = name + "\n";
    (void)!::write(asked, line.data(), line.size());
    ::close(asked);
}

}  // namespace

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** result) {
    static const auto real =
        reinterpret_cast<decltype(&::getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    auto addresses = name == nullptr ? std::nullopt : meaning_of(name);
    if (addresses) note(name);
    // Also when the file goes, as at the end of a test: a thread that then asked the system would
    // be in the middle of it when the process ends, and what it holds would count as leaked.
    while (addresses && *addresses == Words{names::kHangs}) {
        ::poll(nullptr, 0, kLookAgainMs);
        addresses = meaning_of(name).value_or(Words{names::kHangs});
    }
    if (!addresses) return real(name, service, hints, result);
    if (*addresses == Words{names::kFails}) return EAI_AGAIN;
    auto numeric = hints == nullptr ? addrinfo{} : *hints;
    numeric.ai_flags = (numeric.ai_flags & ~AI_ADDRCONFIG) | AI_NUMERICHOST;
    addrinfo** end = result;
    *end = nullptr;
    for (const auto& address : *addresses) {
        if (real(address.c_str(), service, &numeric, end) != 0) continue;  // of another family
        while (*end != nullptr) end = &(*end)->ai_next;  // freeaddrinfo() frees one by one
    }
    return *result == nullptr ? EAI_NONAME : 0;
}
