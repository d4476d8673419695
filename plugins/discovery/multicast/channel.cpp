// The multicast socket. Joins and sends by the index of the interface, not by one of its addresses
// as POCO does: an index identifies exactly one interface, and stays the same when an address
// changes.
#include "multicast/channel.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

#include <Poco/Net/SocketImpl.h>
#include <electiond/error.h>

namespace electiond::discovery {
namespace {

using Poco::Net::IPAddress;
using Poco::Net::SocketAddress;

std::string interfaces_here() {
    std::string names;
    auto* const all = ::if_nameindex();
    for (auto* one = all; one != nullptr && one->if_index != 0; ++one) {
        names += (names.empty() ? "" : ", ") + std::string(one->if_name);
    }
    if (all != nullptr) ::if_freenameindex(all);
    return names;
}

unsigned index_of(const Group& group) {
    const auto index = ::if_nametoindex(group.interface.c_str());
    if (index != 0) return index;
    throw Error("discovery multicast: there is no interface " + group.interface +
                    "; those here are: " + interfaces_here(),
                Error::os);
}

[[noreturn]] void fail(const std::string& action, const Group& group,
                       const Poco::Exception& error) {
    const bool v6 = group.address.family() == IPAddress::IPv6;
    throw Error(
        "discovery multicast cannot " + action + " " + group.to_string() + ": " +
            error.displayText() + "; check that the interface is up and has an " +
            (v6 ? "IPv6 address, or use an IPv4 group, as in 239.255.74.0" : "IPv4 address"),
        Error::os);
}

SocketAddress scoped(const Group& group, unsigned index) {
    const auto& address = group.address;
    return address.family() == IPAddress::IPv4
               ? SocketAddress(address, group.port)
               : SocketAddress(IPAddress(address.addr(), address.length(), index), group.port);
}

void join_v4(Poco::Net::SocketImpl& socket, const Group& group, unsigned index) {
    ip_mreqn request{};
    std::memcpy(&request.imr_multiaddr, group.address.addr(), sizeof request.imr_multiaddr);
    request.imr_ifindex = static_cast<int>(index);
    socket.setOption(IPPROTO_IP, IP_MULTICAST_ALL, 0);  // only groups that this socket has joined
    socket.setRawOption(IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request);
    socket.setRawOption(IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request);
    socket.setOption(IPPROTO_IP, IP_MULTICAST_TTL, group.ttl);
    socket.setOption(IPPROTO_IP, IP_MULTICAST_LOOP, 1);
}

void join_v6(Poco::Net::SocketImpl& socket, const Group& group, unsigned index) {
    ipv6_mreq request{};
    std::memcpy(&request.ipv6mr_multiaddr, group.address.addr(), sizeof request.ipv6mr_multiaddr);
    request.ipv6mr_interface = index;
    socket.setOption(IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
    socket.setOption(IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(index));
    socket.setRawOption(IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &request, sizeof request);
    socket.setOption(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, group.ttl);
    socket.setOption(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1);
}

}  // namespace

std::string Group::to_string() const {
    return address.toString() + " port " + std::to_string(port) + " on " + interface;
}

Channel::Channel(const Group& group)
    : group_(group), interface_index_(index_of(group)), address_(scoped(group, interface_index_)) {
    try {
        socket_ = Poco::Net::MulticastSocket(address_.family());
        // Bound to the group, not to any address, so that datagrams to other addresses are not
        // received. Without SO_REUSEPORT, which would require the same user for all processes of a
        // host.
        socket_.bind(address_, true, false);
        auto& socket = *socket_.impl();
        ::fcntl(socket.sockfd(), F_SETFD, FD_CLOEXEC);  // POCO cannot create it so
        if (group.address.family() == IPAddress::IPv4) {
            join_v4(socket, group, interface_index_);
        } else {
            join_v6(socket, group, interface_index_);
        }
        socket_.setBlocking(false);
    } catch (const Poco::Exception& error) {
        fail("join", group, error);
    }
}

// Like if_nametoindex, which would open a socket for each call.
bool Channel::stands() const {
    ifreq request{};
    group_.interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
    return ::ioctl(socket_.impl()->sockfd(), SIOCGIFINDEX, &request) == 0 &&
           static_cast<unsigned>(request.ifr_ifindex) == interface_index_;
}

void Channel::send(const std::string& bytes) {
    try {
        socket_.sendTo(bytes.data(), static_cast<int>(bytes.size()), address_);
    } catch (const Poco::Exception& error) {
        fail("send to", group_, error);
    }
}

std::optional<std::string> Channel::receive(std::size_t size_max) {
    try {
        std::string bytes(size_max + 1, '\0');
        const int count = socket_.receiveBytes(bytes.data(), static_cast<int>(bytes.size()));
        if (count < 0) return std::nullopt;
        bytes.resize(static_cast<std::size_t>(count));
        return bytes;
    } catch (const Poco::Exception& error) {
        fail("hear", group_, error);
    }
}

}  // namespace electiond::discovery
