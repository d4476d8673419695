// Asks DNS servers by c-ares, which is driven by poll(2) in the caller's thread.
//
// c-ares gets one server at a time: with several servers it skips one that answers SERVFAIL or
// REFUSED, and reports at the end that no server could be reached. Without EDNS: if a server
// refuses it, c-ares 1.18 repeats only the first of several questions.
#include "dns/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include <electiond/error.h>

#include "dns/sockets.h"

namespace electiond::discovery {
namespace {

using Clock = Client::Clock;
using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t kServersMax = 8;
constexpr std::size_t kAtOnce = 32;  // questions under way
constexpr int kClassIn = 1;
constexpr int kTries = 2;          // of each question at each server, if datagrams get lost
constexpr Milliseconds kStep{50};  // between two looks at the stop token

// One question at one server.
struct Asked {
    Question question;
    bool done = false;
    int status = ARES_ETIMEOUT;
    std::vector<unsigned char> message{};
    std::string failure{};  // the text of errno
    Sockets* sockets = nullptr;
    std::size_t* under_way = nullptr;
};

// Called by c-ares, once for each question; C code must not see an exception.
void on_answer(void* asked, int status, int, unsigned char* message, int size) noexcept {
    auto& its = *static_cast<Asked*>(asked);
    its.done = true;
    its.status = status;
    --*its.under_way;
    try {
        if (message != nullptr && size > 0) its.message.assign(message, message + size);
        its.failure = its.sockets->failure();
    } catch (const std::bad_alloc&) {
        its.message.clear();
        its.status = ARES_ENOMEM;
    }
}

Answer answer_of(const Asked& asked, Milliseconds waited) {
    if (!asked.message.empty()) return read_answer(asked.message, asked.question);
    std::string fault;
    switch (asked.status) {
        case ARES_ETIMEOUT:
        case ARES_ECANCELLED:
            fault = "did not answer within " + std::to_string(waited.count()) + " ms";
            break;
        case ARES_ECONNREFUSED:
            fault = "cannot be reached";
            break;
        default:
            fault = std::string("cannot be asked: ") + ::ares_strerror(asked.status);
            break;
    }
    if (!asked.failure.empty()) fault += " (" + asked.failure + ")";
    return {.records = {}, .fault = fault};
}

using Channel = std::unique_ptr<ares_channeldata, decltype(&::ares_destroy)>;

[[noreturn]] void fail(const std::string& action, int status) {
    throw Error("discovery dns cannot " + action + ": " + ::ares_strerror(status) +
                    "; check /etc/resolv.conf and the memory and descriptors of this process",
                Error::os);
}

Channel open_channel(Sockets& sockets, bool tcp, Milliseconds patience) {
    ares_options options{};
    options.flags = ARES_FLAG_NOCHECKRESP | (tcp ? ARES_FLAG_USEVC : 0);
    options.tries = kTries;
    // c-ares doubles it for the second try: with one server, both fit into `patience`. By TCP there
    // is only one try.
    options.timeout =
        static_cast<int>(std::max<Milliseconds::rep>(patience.count() / (tcp ? 1 : 3), 20));
    int mask = ARES_OPT_FLAGS | ARES_OPT_TRIES | ARES_OPT_TIMEOUTMS;
    sockets.watch(options, mask);
    ares_channel channel = nullptr;
    if (const int status = ::ares_init_options(&channel, &options, mask); status != ARES_SUCCESS) {
        fail("begin a look-up", status);
    }
    sockets.serve(channel);
    return {channel, ::ares_destroy};
}

// The servers that c-ares has read from /etc/resolv.conf; 127.0.0.1 if there are none.
std::vector<Endpoint> servers_of(ares_channeldata& channel) {
    ares_addr_port_node* list = nullptr;
    if (const int status = ::ares_get_servers_ports(&channel, &list); status != ARES_SUCCESS) {
        fail("list the DNS servers", status);
    }
    const std::unique_ptr<ares_addr_port_node, decltype(&::ares_free_data)> owned(list,
                                                                                  ::ares_free_data);
    std::vector<Endpoint> servers;
    for (const auto* one = list; one != nullptr && servers.size() < kServersMax; one = one->next) {
        char text[INET6_ADDRSTRLEN] = "";
        (void)::inet_ntop(one->family, &one->addr, text, sizeof text);
        const int port = one->udp_port == 0 ? kDnsPort : one->udp_port;
        servers.push_back({text, static_cast<std::uint16_t>(port)});
    }
    return servers;
}

void use_server(ares_channeldata& channel, const Endpoint& server) {
    ares_addr_port_node node{};
    node.family = server.host.find(':') == std::string::npos ? AF_INET : AF_INET6;
    (void)::inet_pton(node.family, server.host.c_str(), &node.addr);
    node.udp_port = node.tcp_port = server.port;
    if (const int status = ::ares_set_servers_ports(&channel, &node); status != ARES_SUCCESS) {
        fail("ask " + server.to_string(), status);
    }
}

void throw_if_stopped(const std::stop_token& stop) {
    if (stop.stop_requested()) {
        throw Error("discovery dns was stopped during a look-up", Error::unavailable);
    }
}

Milliseconds until(Clock::time_point deadline) {
    return std::max(std::chrono::ceil<Milliseconds>(deadline - Clock::now()), Milliseconds{0});
}

// Waits for a socket, the next timeout of c-ares or kStep, and then calls c-ares.
void turn(ares_channeldata& channel, const Sockets& sockets, Clock::time_point deadline) {
    const auto most = std::min(until(deadline), kStep);
    timeval longest{0, static_cast<suseconds_t>(most.count() * 1000)};
    timeval buffer{};
    const auto* due = ::ares_timeout(&channel, &longest, &buffer);
    auto watched = sockets.watched();
    // Rounded up, so that a timeout that is due in less than a millisecond does not cause a busy
    // loop.
    const auto wait = static_cast<int>(due->tv_sec * 1000 + (due->tv_usec + 999) / 1000);
    if (::poll(watched.data(), watched.size(), wait) > 0) {
        for (const auto& one : watched) {
            if (one.revents == 0) continue;
            const bool broken = (one.revents & (POLLERR | POLLHUP)) != 0;
            ::ares_process_fd(&channel,
                              broken || (one.revents & POLLIN) != 0 ? one.fd : ARES_SOCKET_BAD,
                              broken || (one.revents & POLLOUT) != 0 ? one.fd : ARES_SOCKET_BAD);
        }
    }
    ::ares_process_fd(&channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // timeouts
}

// Asks all of `list` and waits for the answers until `deadline`.
void ask_all(ares_channeldata& channel, std::vector<Asked>& list, std::size_t& under_way,
             const Sockets& sockets, Clock::time_point deadline, const std::stop_token& stop) {
    auto next = list.begin();
    for (;;) {
        throw_if_stopped(stop);
        while (next != list.end() && under_way < kAtOnce) {
            auto& asked = *next++;
            ++under_way;
            ::ares_query(&channel, asked.question.name.c_str(), kClassIn,
                         static_cast<int>(asked.question.type), on_answer, &asked);
        }
        if (under_way == 0 && next == list.end()) return;
        if (Clock::now() >= deadline) break;
        if (under_way > 0) turn(channel, sockets, deadline);
    }
    ::ares_cancel(&channel);
}

std::vector<Endpoint> beginning_with(const Endpoint& first, std::vector<Endpoint> servers) {
    const auto at = std::ranges::find(servers, first);
    if (at != servers.end()) std::rotate(servers.begin(), at, at + 1);
    return servers;
}

}  // namespace

Answers Client::ask(const std::set<Question>& questions, Clock::time_point deadline,
                    const std::stop_token& stop) {
    Answers answers;
    for (const auto& question : questions) answers[question] = {};
    // Declared before the channel, whose destruction also calls on_answer.
    std::vector<Asked> list;
    std::size_t under_way = 0;
    Sockets sockets;
    const auto channel = open_channel(sockets, settings_.tcp, until(deadline));
    const auto servers = beginning_with(
        answered_, settings_.servers.empty() ? servers_of(*channel) : settings_.servers);
    auto left = static_cast<Clock::rep>(servers.size());
    for (const auto& server : servers) {
        list.clear();
        for (const auto& [question, answer] : answers) {
            if (answer.records) continue;
            list.push_back({.question = question, .sockets = &sockets, .under_way = &under_way});
        }
        if (list.empty()) break;
        use_server(*channel, server);
        sockets.forget_failure();
        const auto begun = Clock::now();
        const auto share = begun + std::max(deadline - begun, Clock::duration{0}) / left--;
        ask_all(*channel, list, under_way, sockets, share, stop);
        const auto waited = std::chrono::round<Milliseconds>(Clock::now() - begun);
        for (const auto& asked : list) {
            auto& answer = answers[asked.question];
            auto its = answer_of(asked, waited);
            if (its.records) {
                answered_ = server;
                answer = std::move(its);
            } else {
                answer.fault +=
                    (answer.fault.empty() ? "" : ", ") + server.to_string() + " " + its.fault;
            }
        }
    }
    return answers;
}

}  // namespace electiond::discovery
