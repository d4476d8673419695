// A multicast group on one interface: the socket.
#pragma once

#include <optional>
#include <string>

#include <Poco/Net/IPAddress.h>
#include <Poco/Net/MulticastSocket.h>
#include <Poco/Net/SocketAddress.h>

namespace electiond::discovery {

struct Group {
    Poco::Net::IPAddress address;  // IPv4 or IPv6; decides which of the two is used
    std::uint16_t port = 0;
    std::string interface;
    int ttl = 1;  // the most hops of a datagram; 0: only on this host

    [[nodiscard]] std::string to_string() const;  // "239.255.74.0 port 7402 on eth0"
};

// Sends to the group and receives from it, only on that interface. Several processes on one host
// receive each other's datagrams. One thread. Throws Error naming group, interface and remedy.
class Channel {
  public:
    explicit Channel(const Group& group);

    // False if the interface is gone, or was created anew: the kernel has then left the group
    // without notice.
    [[nodiscard]] bool stands() const;

    void send(const std::string& bytes);

    // The next datagram; nullopt if none waits. If longer than `size_max`, it is cut to `size_max`
    // + 1 bytes.
    [[nodiscard]] std::optional<std::string> receive(std::size_t size_max);

  private:
    Group group_;
    unsigned interface_index_;
    Poco::Net::SocketAddress address_;
    Poco::Net::MulticastSocket socket_;
};

}  // namespace electiond::discovery
