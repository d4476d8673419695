// A running loop for tests, and the other end of its connections.
#pragma once

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <io/descriptor.h>
#include <io/loop.h>
#include <io/unix_socket.h>

namespace electiond::io::scene {

using namespace std::chrono_literals;

constexpr auto kLong = 20s;  // nothing here takes so long, on however busy a machine

// True once `condition` holds; it is looked at every few milliseconds, for at most kLong.
inline bool soon(const std::function<bool()>& condition) {
    const auto end = Clock::now() + kLong;
    while (!condition()) {
        if (Clock::now() > end) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

// Runs `what` on the loop, and waits for its end.
inline void on_loop(Loop& loop, const Task& what) {
    std::promise<void> over;
    ASSERT_TRUE(loop.post([&] {
        what();
        over.set_value();
    }));
    over.get_future().wait();
}

// While it exists, the loop stands still.
class Pause {
  public:
    explicit Pause(Loop& loop) {
        std::promise<void> stands;
        loop.post([&stands, go = go_.get_future().share()] {
            stands.set_value();
            go.wait();
        });
        stands.get_future().wait();
    }
    ~Pause() { go_.set_value(); }

  private:
    std::promise<void> go_;
};

// The other end of a connection: blocking, with a limit of kLong for each call.
class Client {
  public:
    Client() = default;
    Client(const std::string& host, std::uint16_t port) : Client(socket_for(host)) {
        connect(host, port);
    }
    explicit Client(const UnixSocket& to)
        : Client(Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, to.path.c_str(), UnixSocket::kPathMax);
        EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
                  0)
            << std::strerror(errno);
    }
    // Not connected yet.
    explicit Client(Descriptor socket) : socket_(std::move(socket)) {
        const timeval limit{.tv_sec = 20, .tv_usec = 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    static Descriptor socket_for(const std::string& host) {
        const bool v6 = host.find(':') != std::string::npos;
        return Descriptor(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    }

    // The errno.
    int try_to_connect(const std::string& host, std::uint16_t port) const {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        const bool is_v4 = ::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1;
        if (!is_v4 && ::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1) return EINVAL;
        const auto* to =
            is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
        return ::connect(socket_.get(), to, is_v4 ? sizeof v4 : sizeof v6) == 0 ? 0 : errno;
    }
    void connect(const std::string& host, std::uint16_t port) const {
        const int error = try_to_connect(host, port);
        EXPECT_EQ(error, 0) << host << ": " << std::strerror(error);
    }

    void say(std::string_view text) const {
        EXPECT_EQ(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()))
            << std::strerror(errno);
    }
    // Exactly so many bytes, or fewer if the connection ends before.
    [[nodiscard]] std::string hear(std::size_t bytes) const {
        std::string text(bytes, '\0');
        const auto count = ::recv(socket_.get(), text.data(), bytes, MSG_WAITALL);
        text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return text;
    }
    // All until the other side ends; "… reset" if it does so badly.
    [[nodiscard]] std::string hear_all() const {
        std::string text;
        std::array<char, 4096> bytes{};
        for (;;) {
            const auto count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
            if (count == 0) return text;
            if (count < 0) return text + " reset";
            text.append(bytes.data(), static_cast<std::size_t>(count));
        }
    }
    // Whether the other side has closed it, one way or the other, within kLong.
    [[nodiscard]] bool is_closed() const {
        char byte = 0;
        const auto count = ::recv(socket_.get(), &byte, 1, 0);
        return count == 0 || (count < 0 && errno == ECONNRESET);
    }
    [[nodiscard]] bool is_open() const {
        char byte = 0;
        return ::recv(socket_.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
    }
    // Resets the connection instead of ending it.
    void reset() {
        const linger none{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
        socket_ = Descriptor();
    }
    [[nodiscard]] int descriptor() const { return socket_.get(); }

  private:
    Descriptor socket_;
};

// A folder of its own that goes with it.
class Folder {
  public:
    Folder() {
        auto name = (std::filesystem::temp_directory_path() / "electiond-io-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error(name);
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::filesystem::path operator/(const std::string& file) const {
        return path_ / file;
    }

  private:
    std::filesystem::path path_;
};

inline std::size_t open_descriptors() {
    using Entries = std::filesystem::directory_iterator;
    return static_cast<std::size_t>(std::distance(Entries("/proc/self/fd"), Entries()));
}

}  // namespace electiond::io::scene
