// A DNS server whose answers a test defines.
#include "discovery/fake_dns.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <stdexcept>
#include <utility>

#include "../../support/loopback.h"

namespace electiond::bench {
namespace {

constexpr std::size_t kHeader = 12;
// Where in it the number of records of a section is.
constexpr std::size_t kAnswer = 6, kAuthority = 8, kAdditional = 10;

std::string four_bytes(std::uint32_t value) {
    return two_bytes(static_cast<std::uint16_t>(value >> 16)) +
           two_bytes(static_cast<std::uint16_t>(value));
}

std::uint16_t number_at(const std::string& bytes, std::size_t at) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes.at(at)) << 8 |
                                      static_cast<unsigned char>(bytes.at(at + 1)));
}

std::string address_bytes(int family, const std::string& text, std::size_t size) {
    std::string bytes(size, '\0');
    if (::inet_pton(family, text.c_str(), bytes.data()) != 1) {
        throw std::runtime_error(text + " is no address");
    }
    return bytes;
}

bool bound(const io::Descriptor& socket, sockaddr_in address) {
    return ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

std::uint16_t port_of(const io::Descriptor& socket) {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&own), &size);
    return ntohs(own.sin_port);
}

io::Descriptor make_socket(int type) {
    return io::Descriptor(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
}

bool read_all(int socket, char* to, std::size_t size) {
    for (std::size_t got = 0; got < size;) {
        const auto count = ::recv(socket, to + got, size - got, 0);
        if (count <= 0) return false;
        got += static_cast<std::size_t>(count);
    }
    return true;
}

}  // namespace

std::string two_bytes(std::uint16_t value) {
    return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}

std::string encode_name(const std::string& name) {
    std::string bytes;
    for (std::size_t at = 0; at < name.size();) {
        const auto end = std::min(name.find('.', at), name.size());
        bytes += static_cast<char>(end - at);
        bytes += name.substr(at, end - at);
        at = end + 1;
    }
    return bytes + '\0';
}

// ---- a response ---------------------------------------------------------------------------------

Response::Response(const Query& query) : bytes_(query.message) { flags(0, 0x8080); }

void Response::put(std::size_t at, std::uint16_t value) { bytes_.replace(at, 2, two_bytes(value)); }

Response& Response::append(std::size_t section, const std::string& encoded_name, std::uint16_t type,
                           std::uint32_t ttl, const std::string& data) {
    bytes_ += encoded_name + two_bytes(type) + two_bytes(1) + four_bytes(ttl) +
              two_bytes(static_cast<std::uint16_t>(data.size())) + data;
    put(section, static_cast<std::uint16_t>(number_at(bytes_, section) + 1));
    return *this;
}

Response& Response::record(const std::string& encoded_name, std::uint16_t type, std::uint32_t ttl,
                           const std::string& data) {
    return append(kAnswer, encoded_name, type, ttl, data);
}

Response& Response::authority(const std::string& name, std::uint16_t type,
                              const std::string& data) {
    return append(kAuthority, encode_name(name), type, 0, data);
}

Response& Response::additional(const std::string& name, std::uint16_t type,
                               const std::string& data) {
    return append(kAdditional, encode_name(name), type, 0, data);
}

Response& Response::a(const std::string& name, const std::string& address, std::uint32_t ttl) {
    return record(encode_name(name), kA, ttl, address_bytes(AF_INET, address, 4));
}

Response& Response::aaaa(const std::string& name, const std::string& address, std::uint32_t ttl) {
    return record(encode_name(name), kAaaa, ttl, address_bytes(AF_INET6, address, 16));
}

Response& Response::cname(const std::string& name, const std::string& target, std::uint32_t ttl) {
    return record(encode_name(name), kCname, ttl, encode_name(target));
}

Response& Response::srv(const std::string& name, const std::string& target, std::uint16_t port,
                        std::uint32_t ttl) {
    return record(encode_name(name), kSrv, ttl,
                  two_bytes(10) + two_bytes(20) + two_bytes(port) + encode_name(target));
}

Response& Response::code(int code) { return flags(0x000f, static_cast<std::uint16_t>(code)); }

Response& Response::flags(std::uint16_t clear, std::uint16_t set) {
    put(2, static_cast<std::uint16_t>((number_at(bytes_, 2) & ~clear) | set));
    return *this;
}

Response& Response::id(std::uint16_t id) {
    put(0, id);
    return *this;
}

Response& Response::question(const std::string& name, std::uint16_t type) {
    bytes_ = bytes_.substr(0, kHeader) + encode_name(name) + two_bytes(type) + two_bytes(1);
    return *this;
}

// ---- nobody -------------------------------------------------------------------------------------

// The socket is connected to itself, so it receives nothing from others: they are refused.
DeadPort::DeadPort() : udp_(make_socket(SOCK_DGRAM)) {
    if (!bound(udp_, loopback(0))) throw std::runtime_error("no port is free for UDP");
    port_ = port_of(udp_);
    const auto own = loopback(port_);
    if (::connect(udp_.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) {
        throw std::runtime_error("cannot connect a socket to itself");
    }
}

// ---- the server ---------------------------------------------------------------------------------

FakeDns::FakeDns(Script script) : script_(std::move(script)) {
    for (int tries = 0; tries < 50; ++tries) {
        udp_ = make_socket(SOCK_DGRAM);
        if (!bound(udp_, loopback(0))) continue;
        port_ = port_of(udp_);
        tcp_ = make_socket(SOCK_STREAM);
        if (!bound(tcp_, loopback(port_)) || ::listen(tcp_.get(), 16) != 0) continue;
        thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
        return;
    }
    throw std::runtime_error("no port is free for UDP and TCP");
}

// Waits for the end of a running script.
FakeDns::~FakeDns() = default;

void FakeDns::play(Script script) {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
}

std::vector<std::string> FakeDns::take_asked() {
    const std::lock_guard lock(mutex_);
    return std::exchange(asked_, {});
}

void FakeDns::serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        pollfd watched[] = {{udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}};
        if (::poll(watched, 2, 20) <= 0) continue;
        if (watched[0].revents != 0) serve_datagram();
        if (watched[1].revents != 0) serve_connection();
    }
}

FakeDns::Answers FakeDns::answers_to(const std::string& message, bool tcp) {
    Query query{.message = message, .name = {}, .type = 0, .tcp = tcp};
    std::size_t at = kHeader;
    while (message.at(at) != '\0') {
        const auto size = static_cast<std::size_t>(message.at(at));
        query.name += (query.name.empty() ? "" : ".") + message.substr(at + 1, size);
        at += size + 1;
    }
    query.type = number_at(message, at + 1);
    Script script;
    {
        const std::lock_guard lock(mutex_);
        const auto* type = query.type == kA      ? " A"
                           : query.type == kAaaa ? " AAAA"
                           : query.type == kSrv  ? " SRV"
                                                 : " ?";
        asked_.push_back(query.name + type + (tcp ? " tcp" : ""));
        script = script_;
    }
    return script(query);
}

void FakeDns::serve_datagram() {
    std::string message(512, '\0');
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const auto count = ::recvfrom(udp_.get(), message.data(), message.size(), MSG_DONTWAIT,
                                  reinterpret_cast<sockaddr*>(&from), &size);
    if (count < static_cast<ssize_t>(kHeader)) return;
    message.resize(static_cast<std::size_t>(count));
    for (const auto& answer : answers_to(message, false)) {
        (void)::sendto(udp_.get(), answer.data(), answer.size(), 0,
                       reinterpret_cast<const sockaddr*>(&from), size);
    }
}

// All queries of one connection, until the other side closes it.
void FakeDns::serve_connection() {
    const io::Descriptor socket(::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const timeval limit{2, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    for (std::string length(2, '\0'); read_all(socket.get(), length.data(), 2);) {
        std::string message(number_at(length, 0), '\0');
        if (message.size() < kHeader || !read_all(socket.get(), message.data(), message.size())) {
            return;
        }
        for (const auto& answer : answers_to(message, true)) {
            if (answer.empty()) return;
            const auto framed = two_bytes(static_cast<std::uint16_t>(answer.size())) + answer;
            if (::send(socket.get(), framed.data(), framed.size(), MSG_NOSIGNAL) < 0) return;
        }
    }
}

}  // namespace electiond::bench
