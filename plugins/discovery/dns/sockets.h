// The sockets of c-ares, made and used by functions of our own.
#pragma once

#include <ares.h>
#include <poll.h>

#include <map>
#include <string>
#include <vector>

namespace electiond::discovery {

// c-ares closes its sockets in a child process by a second call, after which a fork in another
// thread may already have leaked one, and writes to a closed connection with a SIGPIPE. It also
// forgets errno. One thread. Must outlive the channel that uses it.
class Sockets {
  public:
    Sockets() = default;
    Sockets(const Sockets&) = delete;
    Sockets& operator=(const Sockets&) = delete;

    // Before ares_init_options: by poll(2), since select(2) cannot watch descriptors from 1024 on.
    void watch(ares_options& options, int& mask);
    // After it.
    void serve(ares_channel channel);

    [[nodiscard]] std::vector<pollfd> watched() const;

    // What errno said last; empty if nothing has failed since forget_failure().
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
