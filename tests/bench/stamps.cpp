// Preloaded into a daemon by `handover`: notes when it sends, receives and syncs.
#include "stamps.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace electiond::stamps;

Stamp* open_ring() {
    const char* folder = std::getenv(kFolder);
    if (!folder) return nullptr;
    const std::string path = std::string(folder) + "/" + std::to_string(::getpid());
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return nullptr;
    constexpr auto kSize = sizeof(Stamp) * kStamps;
    void* memory = MAP_FAILED;
    if (::ftruncate(file, kSize) == 0) {
        memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    ::close(file);
    return memory == MAP_FAILED ? nullptr : static_cast<Stamp*>(memory);
}

Stamp* const ring = open_ring();
std::atomic<unsigned> next{0};

void note(Call call, What what = What::other) {
    if (!ring) return;
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    ring[next++ % kStamps] = {now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec, call, what};
}

// The first that the bytes contain: names of requests as frames of `tcp` begin with them, fields of
// answers, heads of the control API.
What kind_of(std::string_view bytes) {
    static constexpr std::pair<std::string_view, What> kWords[] = {
        {"POST /step-down", What::step_down}, {"timeout-now", What::timeout_now},
        {"vote-request", What::vote_request}, {"\"voteGranted\":true", What::granted},
        {"\"received\":true", What::acked},   {"heartbeat", What::heartbeat},
        {"Stepped down", What::response},
    };
    for (const auto& [word, what] : kWords) {
        if (bytes.find(word) != bytes.npos) return what;
    }
    return What::other;
}

void note_data(Call call, const void* bytes, ssize_t size) {
    if (!ring || size <= 0) return;
    const auto what = kind_of({static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
    if (what != What::other) note(call, what);
}

template <class Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t send(int socket, const void* bytes, size_t size, int flags) {
    static auto* const original = real<decltype(::send)>("send");
    note_data(Call::send, bytes, static_cast<ssize_t>(size));
    return original(socket, bytes, size, flags);
}

ssize_t recv(int socket, void* bytes, size_t size, int flags) {
    static auto* const original = real<decltype(::recv)>("recv");
    const ssize_t count = original(socket, bytes, size, flags);
    if ((flags & MSG_PEEK) == 0) note_data(Call::receive, bytes, count);
    return count;
}

int fdatasync(int file) {
    static auto* const original = real<decltype(::fdatasync)>("fdatasync");
    note(Call::sync_begins);
    const int result = original(file);
    note(Call::sync_ends);
    return result;
}
}
