// Sockets that listen: on an address, or as a Unix socket in the file system.
#pragma once

#include <electiond/peer.h>

#include <io/descriptor.h>
#include <io/unix_socket.h>

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace electiond::io {

// Binds and listens; the socket is non-blocking. Resolves a name, which may block, so call this
// only at the start. `v6_only`: "::" takes no IPv4. SO_REUSEPORT stays off: with it a second daemon
// on the same port would start without an error, and get half of the connections. Throws Error (os)
// "cannot listen on ADDRESS (KEY): reason; remedy"; `key` is the key of the configuration that
// gives the address.
[[nodiscard]] Descriptor listen_on(const Endpoint& endpoint, bool v6_only, const std::string& key);
// A socket file left by an earlier process is removed, after a connect to it was refused; anything
// else at this path is an error.
[[nodiscard]] Descriptor listen_on(const UnixSocket& socket, const std::string& key);

// The file of a listening Unix socket: removes it at the end, but never the file of another socket.
class SocketFile {
  public:
    // Right after listen_on(). Destroy it before the listener is closed: while that is open, no
    // other file can have the number (inode) of its own.
    explicit SocketFile(std::filesystem::path path);
    SocketFile(SocketFile&& other) noexcept;
    SocketFile& operator=(SocketFile&&) = delete;
    ~SocketFile();

  private:
    std::filesystem::path path_;  // empty: there is nothing to remove
    dev_t device_ = 0;
    ino_t number_ = 0;
};

// The addresses of this host, IPv4 and IPv6, that a port can be bound on: "127.0.0.1", "::1"; empty
// if the kernel reports none. In the kernel's order. Any thread.
[[nodiscard]] std::vector<std::string> addresses_of_host();

// The real address of a TCP listener: port 0 has been replaced.
[[nodiscard]] Endpoint listens_on(const Descriptor& listener);

}  // namespace electiond::io
