// The sockets of c-ares, with our own functions to open and use them.
#pragma once

#include <ares.h>
#include <poll.h>

#include <map>
#include <string>
#include <vector>

namespace electiond::discovery {

// Without these functions c-ares sets close-on-exec by a second call, so that a fork in another
// thread may leak a socket; a write to a closed connection raises SIGPIPE; and errno is lost. One
// thread. Must outlive the channel that uses it.
class Sockets {
  public:
    Sockets() = default;
    Sockets(const Sockets&) = delete;
    Sockets& operator=(const Sockets&) = delete;

    // Call it before ares_init_options: c-ares then reports its sockets, so that poll(2) can watch
    // them; select(2) cannot watch descriptors above 1023.
    void watch(ares_options& options, int& mask);
    // Call it after ares_init_options.
    void serve(ares_channel channel);

    [[nodiscard]] std::vector<pollfd> watched() const;

    // The text of the last errno; empty if nothing has failed since forget_failure().
    [[nodiscard]] std::string failure() const;
    void forget_failure() { failure_ = 0; }

  private:
    static ares_socket_t open(int family, int type, int protocol, void* self);
    static int close(ares_socket_t socket, void* self);
    static int connect(ares_socket_t socket, const sockaddr* to, ares_socklen_t size, void* self);
    static ares_ssize_t receive(ares_socket_t socket, void* data, std::size_t size, int flags,
                                sockaddr* from, ares_socklen_t* from_size, void* self);
    static ares_ssize_t send(ares_socket_t socket, const iovec* parts, int count, void* self);
    static void changed(void* self, ares_socket_t socket, int readable, int writable);
    template <class T>
    static T noted(T result, void* self);

    std::map<int, short> events_;
    int failure_ = 0;
};

}  // namespace electiond::discovery
