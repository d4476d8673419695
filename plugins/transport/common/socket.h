// A non-blocking TCP socket that closes itself, sends without delay, and is not inherited by
// children.
#pragma once

#include <Poco/Net/SocketAddress.h>

#include <cstddef>
#include <string_view>

namespace electiond::transport {

// Movable, owned by the I/O thread. Failing calls throw std::system_error unless said otherwise.
class Socket {
  public:
    Socket() = default;
    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&& other) noexcept;
    ~Socket();

    // Binds and listens. Never with SO_REUSEPORT: a second daemon on one port must fail, loudly.
    [[nodiscard]] static Socket listen(const Poco::Net::SocketAddress& address);
    // Begins to connect; once poll() reports POLLOUT, failure() says how it went.
    [[nodiscard]] static Socket connect(const Poco::Net::SocketAddress& address);
    // The next connection that waits, or an empty socket with errno set.
    [[nodiscard]] Socket accept(Poco::Net::SocketAddress& from) const;

    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] Poco::Net::SocketAddress address() const;
    // The error a connection attempt ended with, 0 for none.
    [[nodiscard]] int failure() const;

    // As recv(2) and send(2): bytes moved, or -1 with errno set.
    [[nodiscard]] ssize_t receive(char* to, std::size_t most) const noexcept;
    [[nodiscard]] ssize_t send(std::string_view bytes) const noexcept;
    void end_output() const noexcept;

  private:
    explicit Socket(int fd) noexcept : fd_(fd) {}
    [[nodiscard]] static Socket open(const Poco::Net::SocketAddress& address);
    [[nodiscard]] bool set(int level, int option, int value) const noexcept;

    int fd_ = -1;
};

}  // namespace electiond::transport
