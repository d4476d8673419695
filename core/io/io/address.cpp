// IP addresses, and the addresses of the two ends of a socket.
#include <io/address.h>

// clang-format off
#include <boost/asio/ip/tcp.hpp>
// clang-format on

#include <sys/socket.h>

namespace electiond::io {
namespace {

namespace ip = boost::asio::ip;

// 10.0.0.1 rather than ::ffff:10.0.0.1.
Address plain(const Address& address) {
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

std::optional<Origin> end_of(int socket, int (*ask)(int, sockaddr*, socklen_t*)) {
    ip::tcp::endpoint end;
    auto length = static_cast<socklen_t>(end.capacity());
    if (ask(socket, end.data(), &length) != 0) return std::nullopt;
    if (end.data()->sa_family != AF_INET && end.data()->sa_family != AF_INET6) return std::nullopt;
    end.resize(length);
    return Origin{plain(end.address()), end.port()};
}

}  // namespace

std::optional<Address> parse_address(const std::string& host) {
    boost::system::error_code failed;
    const auto address = ip::make_address(host, failed);
    return failed ? std::nullopt : std::optional(address);
}

Endpoint Origin::endpoint() const { return {address.to_string(), port}; }

std::optional<Origin> own_end(int socket) { return end_of(socket, ::getsockname); }
std::optional<Origin> other_end(int socket) { return end_of(socket, ::getpeername); }

}  // namespace electiond::io
