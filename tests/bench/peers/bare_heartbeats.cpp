// bare_heartbeats INTERVAL_MS ROUNDS: what heartbeats alone cost on this machine. Three processes
// of one thread each: one sends a message over TCP to the two others in each interval, they answer.
// Prints how many ms of processor time each round costs all three together.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace {

// As long as those of electiond.
constexpr std::size_t kHeartbeat = 500;
constexpr std::size_t kAck = 400;

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

int checked(int result, const char* what) {
    if (result < 0) fail(what);
    return result;
}

// Of this process, ns.
std::int64_t processor_time() {
    std::int64_t ns = 0;
    std::ifstream("/proc/self/schedstat") >> ns;
    return ns;
}

int listen_somewhere(sockaddr_in& at) {
    const int listener = checked(::socket(AF_INET, SOCK_STREAM, 0), "socket");
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    checked(::bind(listener, address, size), "bind");
    checked(::listen(listener, 1), "listen");
    checked(::getsockname(listener, address, &size), "getsockname");
    return listener;
}

void send_at_once(int socket) {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void watch(int epoll, int descriptor) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
    checked(::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event), "epoll_ctl");
}

void write_all(int socket, std::size_t size) {
    static const std::array<char, kHeartbeat> text{};
    if (::send(socket, text.data(), size, MSG_NOSIGNAL) != static_cast<ssize_t>(size)) fail("send");
}

// Answers until the other side ends the connection; tells its processor time.
[[noreturn]] void follow(int listener, int tells) {
    const int socket = checked(::accept(listener, nullptr, nullptr), "accept");
    send_at_once(socket);
    const int epoll = checked(::epoll_create1(0), "epoll_create1");
    watch(epoll, socket);
    std::array<char, kHeartbeat> text{};
    const auto before = processor_time();
    for (epoll_event event{}; ::epoll_wait(epoll, &event, 1, -1) >= 0;) {
        if (::recv(socket, text.data(), text.size(), 0) <= 0) break;
        write_all(socket, kAck);
    }
    const auto used = processor_time() - before;
    const bool told = ::write(tells, &used, sizeof used) == static_cast<ssize_t>(sizeof used);
    std::_Exit(told ? 0 : 1);
}

// Returns its processor time, ns.
std::int64_t lead(const std::array<int, 2>& followers, long interval_ms, long rounds) {
    const int timer = checked(::timerfd_create(CLOCK_MONOTONIC, 0), "timerfd_create");
    const timespec every{.tv_sec = interval_ms / 1000, .tv_nsec = interval_ms % 1000 * 1'000'000};
    const itimerspec times{.it_interval = every, .it_value = every};
    checked(::timerfd_settime(timer, 0, &times, nullptr), "timerfd_settime");
    const int epoll = checked(::epoll_create1(0), "epoll_create1");
    for (const int each : {timer, followers[0], followers[1]}) watch(epoll, each);
    std::array<char, kHeartbeat> text{};
    const auto before = processor_time();
    for (long round = 0; round <= rounds;) {
        std::array<epoll_event, 3> events{};
        const int count = ::epoll_wait(epoll, events.data(), events.size(), -1);
        for (int n = 0; n < count; ++n) {
            const int ready = events.at(static_cast<std::size_t>(n)).data.fd;
            if (::read(ready, text.data(), text.size()) <= 0) fail("read");
            if (ready != timer) continue;
            for (const int each : followers) write_all(each, kHeartbeat);
            ++round;
        }
    }
    return processor_time() - before;
}

}  // namespace

int main(int argc, char** argv) {
    const long interval_ms = argc == 3 ? std::atol(argv[1]) : 0;
    const long rounds = argc == 3 ? std::atol(argv[2]) : 0;
    if (interval_ms <= 0 || rounds <= 0) {
        std::fprintf(stderr, "bare_heartbeats INTERVAL_MS ROUNDS\n");
        return 64;
    }
    std::array<int, 2> told{};
    checked(::pipe(told.data()), "pipe");
    std::array<int, 2> followers{};
    for (int& follower : followers) {
        sockaddr_in at{};
        const int listener = listen_somewhere(at);
        if (checked(::fork(), "fork") == 0) follow(listener, told[1]);
        ::close(listener);
        follower = checked(::socket(AF_INET, SOCK_STREAM, 0), "socket");
        checked(::connect(follower, reinterpret_cast<const sockaddr*>(&at), sizeof at), "connect");
        send_at_once(follower);
    }
    std::int64_t used = lead(followers, interval_ms, rounds);
    for (const int each : followers) {
        ::shutdown(each, SHUT_RDWR);
        std::int64_t one = 0;
        if (::read(told[0], &one, sizeof one) != static_cast<ssize_t>(sizeof one)) fail("read");
        used += one;
    }
    while (::wait(nullptr) > 0) {
    }
    std::printf("%.4f\n", static_cast<double>(used) / 1e6 / static_cast<double>(rounds));
    return 0;
}
