// The sockets of c-ares.
#include "dns/sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace electiond::discovery {
namespace {

Sockets* as_sockets(void* self) { return static_cast<Sockets*>(self); }

}  // namespace

template <class T>
T Sockets::noted(T result, void* self) {
    const bool waits = errno == EAGAIN || errno == EINPROGRESS || errno == EINTR;
    if (result < 0 && !waits) as_sockets(self)->failure_ = errno;
    return result;
}

void Sockets::watch(ares_options& options, int& mask) {
    options.sock_state_cb = changed;
    options.sock_state_cb_data = this;
    mask |= ARES_OPT_SOCK_STATE_CB;
}

void Sockets::serve(ares_channel channel) {
    static constexpr ares_socket_functions kFunctions{open, close, connect, receive, send};
    ::ares_set_socket_functions(channel, &kFunctions, this);
}

std::vector<pollfd> Sockets::watched() const {
    std::vector<pollfd> list;
    for (const auto& [socket, events] : events_) list.push_back({socket, events, 0});
    return list;
}

std::string Sockets::failure() const {
    return failure_ == 0 ? std::string() : std::generic_category().message(failure_);
}

ares_socket_t Sockets::open(int family, int type, int protocol, void* self) {
    const int socket = noted(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol), self);
    const int on = 1;
    if (socket >= 0 && type == SOCK_STREAM) {
        (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return socket;
}

int Sockets::close(ares_socket_t socket, void* self) {
    as_sockets(self)->events_.erase(socket);
    return ::close(socket);
}

int Sockets::connect(ares_socket_t socket, const sockaddr* to, ares_socklen_t size, void* self) {
    return noted(::connect(socket, to, size), self);
}

ares_ssize_t Sockets::receive(ares_socket_t socket, void* data, std::size_t size, int flags,
                              sockaddr* from, ares_socklen_t* from_size, void* self) {
    return noted(::recvfrom(socket, data, size, flags, from, from_size), self);
}

ares_ssize_t Sockets::send(ares_socket_t socket, const iovec* parts, int count, void* self) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts);
    message.msg_iovlen = static_cast<std::size_t>(count);
    return noted(::sendmsg(socket, &message, MSG_NOSIGNAL), self);
}

void Sockets::changed(void* self, ares_socket_t socket, int readable, int writable) {
    auto& events = as_sockets(self)->events_;
    const int wanted = (readable != 0 ? POLLIN : 0) | (writable != 0 ? POLLOUT : 0);
    try {
        if (wanted == 0) {
            events.erase(socket);
        } else {
            events[socket] = static_cast<short>(wanted);
        }
    } catch (const std::bad_alloc&) {
        // Not watched: its question times out.
    }
}

}  // namespace electiond::discovery
