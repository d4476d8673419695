// Asks one node over and over.
#include "probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace electiond::cluster {

Probe::Probe(std::uint16_t port, const std::string& request, std::string host, timeval patience)
    : host_(std::move(host)),
      port_(port),
      patience_(patience),
      request_(request + " HTTP/1.1\r\nHost: " + host_ + "\r\n\r\n"),
      without_body_(request.starts_with("HEAD")) {}

bool Probe::connect() {
    if (socket_ >= 0) return true;
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience_, sizeof patience_);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, host_.c_str(), &address.sin_addr);
    address.sin_port = htons(port_);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        return true;
    }
    close();
    return false;
}

void Probe::close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
}

int Probe::ask() {
    body_.clear();
    if (!connect()) return 0;
    if (::send(socket_, request_.data(), request_.size(), MSG_NOSIGNAL) < 0) {
        close();
        return 0;
    }
    std::string answer;
    for (std::array<char, 4096> piece{};;) {
        const auto size = ::recv(socket_, piece.data(), piece.size(), 0);
        if (size <= 0) {
            close();
            return 0;
        }
        answer.append(piece.data(), static_cast<std::size_t>(size));
        const auto head = answer.find("\r\n\r\n");
        if (head == std::string::npos) continue;
        const auto length = answer.find("Content-Length: ");
        const auto expected = length < head && !without_body_
                                  ? std::strtoul(answer.c_str() + length + 16, nullptr, 10)
                                  : 0;
        if (answer.size() < head + 4 + expected) continue;
        body_ = answer.substr(head + 4);
        const auto last = answer.find("\r\nConnection: close");
        if (std::min(last, answer.find("\r\nConnection: Close")) < head) close();
        return std::atoi(answer.c_str() + 9);
    }
}

std::uint64_t Probe::number(const std::string& key) const {
    const auto at = body_.find("\"" + key + "\":");
    return at == std::string::npos
               ? 0
               : std::strtoull(body_.c_str() + at + key.size() + 3, nullptr, 10);
}

std::string Probe::text(const std::string& key) const {
    const auto at = body_.find("\"" + key + "\":\"");
    if (at == std::string::npos) return "";
    const auto begin = at + key.size() + 4;
    return body_.substr(begin, body_.find('"', begin) - begin);
}

}  // namespace electiond::cluster
