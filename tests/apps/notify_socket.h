// The service manager's side of sd_notify: a datagram socket that NOTIFY_SOCKET names.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>

#include <gtest/gtest.h>
#include <io/descriptor.h>

#include "folder.h"

namespace electiond {

// While it exists, NOTIFY_SOCKET is set for this process and its children.
class NotifySocket {
  public:
    NotifySocket() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        const auto path = (folder_ / "notify").string();
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        EXPECT_EQ(
            ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    }
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;
    ~NotifySocket() {
        for (const auto* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
            ::unsetenv(name);
    }

    // The next message; empty if none comes in time.
    [[nodiscard]] std::string next(
        std::chrono::milliseconds limit = std::chrono::seconds(30)) const {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(limit);
        const timeval wait{.tv_sec = seconds.count(),
                           .tv_usec = std::chrono::microseconds(limit - seconds).count()};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        std::string message(4096, '\0');
        const auto size = ::recv(socket_.get(), message.data(), message.size(), 0);
        message.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        return message;
    }

    // The next message that contains `words`; drops the ones before. Empty if none comes in time.
    [[nodiscard]] std::string next_with(const std::string& words) const {
        for (;;) {
            auto message = next();
            if (message.empty() || message.find(words) != std::string::npos) return message;
        }
    }

    // Fills the socket: from now on a sender waits.
    void fill() const {
        const io::Descriptor sender(
            ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_un address{};
        socklen_t size = sizeof address;
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
        while (::sendto(sender.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&address),
                        size) == 1) {
        }
    }

  private:
    const cluster::Folder folder_;
    const io::Descriptor socket_;
};

}  // namespace electiond
