// Clients and servers that are no transports: bare TCP sockets.
#include "kit/stranger.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace electiond::kit {
namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

// Of an IP address alone; a size of 0 for a name.
Address address_of(const Endpoint& endpoint) {
    Address address;
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (::inet_pton(AF_INET, endpoint.host.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(endpoint.port);
        std::memcpy(&address.storage, &v4, sizeof v4);
        address.size = sizeof v4;
    } else if (::inet_pton(AF_INET6, endpoint.host.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(endpoint.port);
        std::memcpy(&address.storage, &v6, sizeof v6);
        address.size = sizeof v6;
    }
    return address;
}

const sockaddr* plain(const Address& address) {
    return reinterpret_cast<const sockaddr*>(&address.storage);
}

io::Descriptor connected_to(const Endpoint& to) {
    const auto address = address_of(to);
    io::Descriptor socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (address.size == 0 || ::connect(socket.get(), plain(address), address.size) != 0) return {};
    return socket;
}

bool readable(int socket, Milliseconds limit) {
    pollfd watched{socket, POLLIN, 0};
    return ::poll(&watched, 1, static_cast<int>(limit.count())) > 0;
}

// Appends what is there; false at the end of the stream.
bool read_some(int socket, std::string& to) {
    std::array<char, 4096> bytes{};
    const auto count = ::recv(socket, bytes.data(), bytes.size(), 0);
    if (count <= 0) return false;
    to.append(bytes.data(), static_cast<std::size_t>(count));
    return true;
}

bool write_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace

bool accepts(const Endpoint& to) { return connected_to(to).open(); }

Stranger::Stranger(const Endpoint& to) : socket_(connected_to(to)) {
    if (!socket_.open()) throw Skipped{"nothing listens by TCP at " + to.to_string()};
}

bool Stranger::say(std::string_view bytes) { return write_all(socket_.get(), bytes); }

void Stranger::end() { ::shutdown(socket_.get(), SHUT_WR); }

std::optional<std::string> Stranger::hear_all(Milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    std::string all;
    for (;;) {
        const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now());
        if (left <= Milliseconds(0) || !readable(socket_.get(), left)) return std::nullopt;
        if (!read_some(socket_.get(), all)) return all;
    }
}

void require_localhost() {
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo("localhost", nullptr, nullptr, &found); error != 0) {
        throw Skipped{std::string("this machine does not know localhost: ") +
                      ::gai_strerror(error)};
    }
    ::freeaddrinfo(found);
}

FalsePeer::FalsePeer(Mode mode) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto address = address_of({"127.0.0.1", 0});
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    if (::bind(socket_.get(), plain(address), address.size) != 0 ||
        (mode == Mode::silent && ::listen(socket_.get(), 512) != 0) ||
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
        throw Skipped{std::string("no port can be bound on 127.0.0.1: ") + std::strerror(errno)};
    }
    endpoint_ = {"127.0.0.1", ntohs(bound.sin_port)};
}

FalsePeer::~FalsePeer() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
}

void FalsePeer::respond_with(std::function<std::string(const std::string& heard)> response) {
    thread_ = std::jthread([this, response = std::move(response)](const std::stop_token& stop) {
        constexpr Milliseconds kMoment{20};
        while (!stop.stop_requested()) {
            if (!readable(socket_.get(), kMoment)) continue;
            const io::Descriptor connection(
                ::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            std::string heard;
            while (readable(connection.get(), kMoment) && read_some(connection.get(), heard)) {
            }
            (void)write_all(connection.get(), response(heard));
            ::shutdown(connection.get(), SHUT_WR);
            while (readable(connection.get(), kMoment) && read_some(connection.get(), heard)) {
            }
        }
    });
}

}  // namespace electiond::kit
