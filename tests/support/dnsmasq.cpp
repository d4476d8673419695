// A real DNS server, dnsmasq, for the zone `test`.
#include "dnsmasq.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include <io/descriptor.h>

#include "loopback.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;

constexpr char kProgram[] = "/usr/sbin/dnsmasq";

std::string own_user() {
    const auto* user = ::getpwuid(::geteuid());
    return user != nullptr ? user->pw_name : "root";
}

// At this moment: another process may take it before dnsmasq does.
std::uint16_t free_port() {
    for (int tries = 0; tries < 50; ++tries) {
        const io::Descriptor tcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const io::Descriptor udp(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        auto address = loopback(0);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(tcp.get(), generic, size) == 0 &&
            ::getsockname(tcp.get(), generic, &size) == 0 &&
            ::bind(udp.get(), generic, size) == 0) {
            return ntohs(address.sin_port);
        }
    }
    throw std::runtime_error("no port is free for UDP and TCP");
}

}  // namespace

bool Dnsmasq::installed() { return ::access(kProgram, X_OK) == 0; }

Dnsmasq::Dnsmasq(fs::path folder, std::optional<std::uint16_t> port,
                 const std::vector<std::string>& options)
    : folder_(std::move(folder)) {
    write_hosts("");
    for (int tries = 1;; ++tries) {
        port_ = port ? *port : free_port();
        start(options);
        if (comes_up()) return;
        if (port || tries == 5) {
            throw std::runtime_error("dnsmasq does not answer on port " + std::to_string(port_));
        }
    }
}

void Dnsmasq::start(const std::vector<std::string>& options) {
    io::Program program{
        .command = {kProgram, "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
                    "--no-hosts", "--no-poll", "--pid-file=", "--user=" + own_user(),
                    "--log-facility=" + (folder_ / "dnsmasq.log").string(),
                    "--listen-address=127.0.0.1", "--bind-interfaces",
                    "--port=" + std::to_string(port_), "--local=/test/",
                    "--addn-hosts=" + (folder_ / "hosts").string()},
        .out = io::Output::discarded(),
        .err = io::Output::inherited()};
    program.command.insert(program.command.end(), options.begin(), options.end());
    child_ = std::make_unique<io::Child>(program);
}

// False at once if it has ended: its port is taken, or an option is wrong.
bool Dnsmasq::comes_up() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (std::chrono::steady_clock::now() < deadline) {
        const bool answered = answers();
        if (child_->wait(std::chrono::milliseconds{0})) return false;
        if (answered) return true;
    }
    return false;
}

void Dnsmasq::write_hosts(const std::string& lines) const {
    std::ofstream(folder_ / "hosts.new") << lines;
    fs::rename(folder_ / "hosts.new", folder_ / "hosts");
}

void Dnsmasq::set_hosts(const std::string& lines) {
    write_hosts(lines);
    signal(SIGHUP);
}

bool Dnsmasq::answers() const {
    // "ready.test A", of id 1.
    static const std::string query("\0\1\1\0\0\1\0\0\0\0\0\0\5ready\4test\0\0\1\0\1", 28);
    const io::Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto to = loopback(port_);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
        return false;
    }
    for (int tries = 0; tries < 10; ++tries) {
        (void)::send(socket.get(), query.data(), query.size(), 0);
        pollfd watched{socket.get(), POLLIN, 0};
        char answer[512];
        if (::poll(&watched, 1, 100) > 0 && ::recv(socket.get(), answer, sizeof answer, 0) > 0) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});  // it does not listen yet
    }
    return false;
}

}  // namespace electiond
