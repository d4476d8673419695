// A transport over TCP connections: one event loop that sends and receives, speaking one dialect.
#include "common/stream_transport.h"

#include <io/listening.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <system_error>
#include <utility>

namespace electiond::transport {

namespace {

constexpr std::size_t kBacklogMax = 4096;  // sends that the loop has not handled yet
constexpr auto kTimeoutMax = std::chrono::hours(1);

}  // namespace

StreamTransport::StreamTransport(const PluginSetup& setup, std::unique_ptr<Dialect> dialect)
    : dialect_(std::move(dialect)),
      log_(setup.log),
      limits_(setup.limits),
      tls_(setup.tls == nullptr ? std::nullopt : std::optional(*setup.tls)),
      where_(setup.options.section() + ".listen"),
      listen_(setup.listen) {}

StreamTransport::~StreamTransport() { stop(); }

Endpoint StreamTransport::start(Inbox& inbox) {
    const auto tls = load_tls();
    auto listener = io::listen_on(listen_, /*v6_only=*/false, where_);
    const auto endpoint = io::listens_on(listener);
    make_loop(tls);
    server_.emplace(*dialect_, inbox, *loop_, log_, std::move(listener), limits_, tls);
    loop_->post([this] { server_->start(); });
    loop_->start();
    return endpoint;
}

void StreamTransport::start_sending() {
    make_loop(load_tls());
    loop_->start();
}

// Null without transport.tls.
std::shared_ptr<const io::TlsContext> StreamTransport::load_tls() const {
    if (!tls_) return nullptr;
    return io::TlsContext::load({.cert = tls_->cert,
                                 .key = tls_->key,
                                 .ca = tls_->ca,
                                 .crl = tls_->crl,
                                 .same_authority = true,
                                 .section = "transport.tls"});
}

void StreamTransport::reload_tls() {
    if (!tls_) return;
    auto in_use = std::make_shared<std::promise<void>>();
    const auto waits = in_use->get_future();
    const bool posted =
        poster_ && poster_->post([this, fresh = load_tls(), done = std::move(in_use)] {
            if (server_) server_->use(fresh);
            client_->use(fresh);
            done->set_value();
        });
    // A loop that stops runs the tasks posted before; if it can't, the promise is broken with the
    // task.
    if (posted) waits.wait();
}

void StreamTransport::set_limits(const Limits& limits) {
    if (!poster_) return;
    (void)poster_->post([this, limits] {
        dialect_->set_limits(limits);
        if (server_) server_->set_limits(limits);
    });
}

void StreamTransport::make_loop(std::shared_ptr<const io::TlsContext> tls) try {
    loop_.emplace([log = log_](const std::exception& error) {
        log.error("this is a bug in the transport, please report it: " + std::string(error.what()));
    });
    poster_ = loop_->poster();
    client_.emplace(*dialect_, *loop_, log_, std::move(tls));
} catch (const std::system_error& error) {
    throw Error("cannot open the descriptors of an event loop: " + error.code().message() +
                    "; raise the limit of open files",
                Error::os);
}

void StreamTransport::send(const Endpoint& to, Request request, std::chrono::milliseconds timeout,
                           OnResponse on_response) noexcept {
    const auto deadline =
        io::Clock::now() + std::min<std::chrono::milliseconds>(timeout, kTimeoutMax);
    Outgoing outgoing{.to = to,
                      .request = std::move(request),
                      .deadline = deadline,
                      .on_response = std::move(on_response)};
    // An election message leaves at once, on this thread, if the loop sleeps.
    if (poster_ && outgoing.request.lane == Lane::election) {
        const auto act = [&] { client_->send(std::move(outgoing)); };
        io::Task task = std::cref(act);
        if (poster_->run_now(task)) return;
    }
    const auto posted_one = std::make_shared<Outgoing>(std::move(outgoing));
    const bool posted =
        poster_ &&
        poster_->post([this, posted_one] { client_->send(std::move(*posted_one)); }, kBacklogMax);
    if (!posted && posted_one->on_response) {
        posted_one->on_response(
            {Response::Kind::unreachable, "this node's transport stops or is overloaded"});
    }
}

void StreamTransport::refresh(const Endpoint& to) noexcept {
    // If the queue is full or closed, the next response from that node triggers it again.
    if (poster_) (void)poster_->post([this, to] { client_->refresh(to); }, kBacklogMax);
}

void StreamTransport::stop() noexcept {
    if (!loop_) return;
    loop_->stop([this] {
        client_->close();
        if (server_) server_->close();
    });
}

}  // namespace electiond::transport
