// Ports that no other test uses.
#include "ports.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace electiond::cluster {
namespace {

constexpr int kLowest = 12'000;
constexpr int kBlocks = 160;  // ends at 32,000, where the ports begin that the system gives itself

bool free_on_loopback(int port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const bool bound =
        ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    return bound;
}

bool all_free(int first) {
    for (int port = first; port < first + Ports::kSize; ++port) {
        if (!free_on_loopback(port)) return false;
    }
    return true;
}

}  // namespace

Ports::Ports() {
    for (int i = 0; i < kBlocks; ++i) {
        const int first = kLowest + (::getpid() + i) % kBlocks * kSize;
        const auto file = std::filesystem::temp_directory_path() /
                          ("electiond-ports-" + std::to_string(first) + ".lock");
        lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) == 0 && all_free(first)) {
            first_ = static_cast<std::uint16_t>(first);
            return;
        }
        ::close(lock_);
    }
    throw std::runtime_error("no free ports are left");
}

Ports::~Ports() { ::close(lock_); }

std::uint16_t Ports::next() {
    if (given_ == kSize) throw std::runtime_error("this test has used up its ports");
    return static_cast<std::uint16_t>(first_ + given_++);
}

}  // namespace electiond::cluster
