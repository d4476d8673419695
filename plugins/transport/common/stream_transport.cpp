// A transport over TCP connections: one I/O thread that sends and receives, speaking one dialect.
#include "common/stream_transport.h"

#include <Poco/Exception.h>
#include <Poco/Net/SocketAddress.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace electiond::transport {

namespace {

constexpr std::size_t kBacklogMax = 4096;  // sends that the I/O thread has not looked at
constexpr auto kTimeoutMax = std::chrono::hours(1);

Endpoint listen_option(const Options& options) {
    options.accept_only({"plugin", "listen", "advertise", "insecure"});
    const auto endpoint = Endpoint::parse(options.text("listen", "127.0.0.1:7401"));
    if (!endpoint) options.wrong("listen", "host:port, as in 127.0.0.1:7401 or [::1]:7401");
    return *endpoint;
}

std::string remedy(int error) {
    switch (error) {
        case EADDRINUSE:
            return "stop the program that listens there, or choose another port";
        case EADDRNOTAVAIL:
            return "choose an address of this host";
        case EACCES:
            return "choose a port above 1023, or grant CAP_NET_BIND_SERVICE";
        default:
            return "choose another address";
    }
}

}  // namespace

StreamTransport::StreamTransport(const PluginSetup& setup, std::unique_ptr<const Dialect> dialect)
    : dialect_(std::move(dialect)),
      log_(setup.log),
      where_(setup.options.section() + ".listen"),
      listen_(listen_option(setup.options)) {}

StreamTransport::~StreamTransport() { stop(); }

Endpoint StreamTransport::start(Inbox& inbox) {
    auto listener = bind();
    const auto address = listener.address();
    server_.emplace(*dialect_, inbox, tasks_, log_, std::move(listener));
    client_.emplace(*dialect_, tasks_);
    thread_ = std::jthread([this] { run(); });
    return {address.host().toString(), address.port()};
}

Socket StreamTransport::bind() const {
    const auto fail = [this](const std::string& reason, const std::string& advice) {
        throw Error("cannot listen on " + listen_.to_string() + " (" + where_ + "): " + reason +
                        "; " + advice,
                    Error::os);
    };
    try {
        return Socket::listen({listen_.host, listen_.port});
    } catch (const std::system_error& error) {
        fail(error.code().message(), remedy(error.code().value()));
    } catch (const Poco::Exception& error) {
        fail(error.displayText(), "choose a name that resolves, or an address of this host");
    }
    std::abort();  // not reached: fail() throws
}

void StreamTransport::send(const Endpoint& to, Request request, std::chrono::milliseconds timeout,
                           OnReply on_reply) noexcept {
    const auto deadline = Clock::now() + std::min<std::chrono::milliseconds>(timeout, kTimeoutMax);
    const auto outgoing = std::make_shared<Outgoing>(Outgoing{
        .to = to, .request = std::move(request), .deadline = deadline, .on_reply = on_reply});
    const bool posted =
        tasks_->post([this, outgoing] { client_->send(std::move(*outgoing)); }, kBacklogMax);
    if (!posted && on_reply) {
        on_reply({Answer::Kind::unreachable, "this node's transport stops or is overloaded"});
    }
}

void StreamTransport::refresh(const Endpoint& to) noexcept {
    // If the queue is full or closed, the next answer from there asks again.
    (void)tasks_->post([this, to] { client_->refresh(to); }, kBacklogMax);
}

void StreamTransport::stop() noexcept {
    if (!thread_.joinable()) return;
    if (tasks_->post([this] { stopping_ = true; })) thread_.join();
    client_.reset();
    server_.reset();
}

void StreamTransport::run() {
    PollList list;
    while (!stopping_) {
        list.clear();
        (void)list.add(tasks_->fd(), POLLIN);
        server_->watch(list);
        client_->watch(list);
        list.wait(std::min(server_->deadline(), client_->deadline()));

        for (auto& task : tasks_->take()) task();
        const auto now = Clock::now();
        server_->turn(list, now);
        client_->turn(list, now);
    }
    for (auto& task : tasks_->close()) task();
    client_->turn({}, Clock::now());  // last words, as far as there are connections for them
    client_->give_up();
}

}  // namespace electiond::transport
