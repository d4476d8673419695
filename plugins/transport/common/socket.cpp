// A non-blocking TCP socket that closes itself, sends without delay, and is not inherited by
// children.
#include "common/socket.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace electiond::transport {

using Poco::Net::SocketAddress;

namespace {

[[noreturn]] void fail() { throw std::system_error(errno, std::generic_category()); }

SocketAddress name_of(int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    auto* address = reinterpret_cast<sockaddr*>(&storage);
    if (ask(fd, address, &length) != 0) fail();
    return {address, length};
}

}  // namespace

Socket::Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

Socket::~Socket() {
    if (fd_ >= 0) ::close(fd_);
}

Socket Socket::open(const SocketAddress& address) {
    Socket socket(::socket(address.af(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) fail();
    return socket;
}

Socket Socket::listen(const SocketAddress& address) {
    auto socket = open(address);
    if (!socket.set(SOL_SOCKET, SO_REUSEADDR, 1)) fail();  // past TIME_WAIT; never two listeners
    if (address.af() == AF_INET6 && !socket.set(IPPROTO_IPV6, IPV6_V6ONLY, 0)) fail();
    if (::bind(socket.fd_, address.addr(), address.length()) != 0) fail();
    if (::listen(socket.fd_, SOMAXCONN) != 0) fail();
    return socket;
}

Socket Socket::connect(const SocketAddress& address) {
    auto socket = open(address);
    if (!socket.set(IPPROTO_TCP, TCP_NODELAY, 1)) fail();
    if (::connect(socket.fd_, address.addr(), address.length()) != 0 && errno != EINPROGRESS) {
        fail();
    }
    return socket;
}

Socket Socket::accept(SocketAddress& from) const {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    auto* address = reinterpret_cast<sockaddr*>(&storage);
    Socket socket(::accept4(fd_, address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
        from = SocketAddress(address, length);
        (void)socket.set(IPPROTO_TCP, TCP_NODELAY, 1);
    }
    return socket;
}

SocketAddress Socket::address() const { return name_of(fd_, ::getsockname); }

int Socket::failure() const {
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
    if (error != 0) return error;
    try {
        // A port of the ephemeral range where nobody listens may be given to us as our own: then we
        // have reached ourselves.
        return name_of(fd_, ::getpeername) == address() ? ECONNREFUSED : 0;
    } catch (const std::system_error& gone) {
        return gone.code().value();
    }
}

ssize_t Socket::receive(char* to, std::size_t most) const noexcept {
    return ::recv(fd_, to, most, 0);
}

ssize_t Socket::send(std::string_view bytes) const noexcept {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

void Socket::end_output() const noexcept { ::shutdown(fd_, SHUT_WR); }

bool Socket::set(int level, int option, int value) const noexcept {
    return ::setsockopt(fd_, level, option, &value, sizeof value) == 0;
}

}  // namespace electiond::transport
