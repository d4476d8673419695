// A multicast group on one interface: the socket.
#pragma once

#include <optional>
#include <string>

#include <Poco/Net/IPAddress.h>
#include <Poco/Net/MulticastSocket.h>
#include <Poco/Net/SocketAddress.h>

namespace electiond::discovery {

struct Group {
    Poco::Net::IPAddress address;  // IPv4 or IPv6; decides which of the two is spoken
    std::uint16_t port = 0;
    std::string interface;
    int ttl = 1;  // hops that a datagram may live; 0 stays on this host

    [[nodiscard]] std::string to_string() const;  // "239.255.74.0 port 7402 on eth0"
};

// Sends to the group, and hears it, on that interface alone; several on one host hear each other.
// One thread. Throws Error naming group, interface and remedy.
class Channel {
  public:
    explicit Channel(const Group& group);

    // False when the interface has gone, or has come back as another: the kernel has then left the
    // group, silently.
    [[nodiscard]] bool stands() const;

    void send(const std::string& bytes);

    // The next datagram; nothing where none waits. Longer than `size_max` it is cut to that + 1.
    [[nodiscard]] std::optional<std::string> receive(std::size_t size_max);

  private:
    Group group_;
    unsigned interface_index_;
    Poco::Net::SocketAddress address_;
    Poco::Net::MulticastSocket socket_;
};

}  // namespace electiond::discovery
