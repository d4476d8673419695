// The sockets of the control API.
#include "control/server.h"

#include <io/http1.h>
#include <io/listening.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <system_error>
#include <utility>

#include <electiond/error.h>

#include "control/session.h"

namespace electiond {
namespace {

constexpr Milliseconds kPartingTime{250};  // for answers under way when we stop
constexpr char kListen[] = "api.listen";

// The answer to a connection beyond the limit.
std::string full() {
    const auto response = answer(Problem{503, "Too many connections",
                                         "This node has as many connections, in all or from "
                                         "your address, as api.limits allows, and all are in "
                                         "use; try again in a second."});
    constexpr std::array<io::HttpField, 2> kMore{
        {{"Cache-Control", "no-store"}, {"Retry-After", "1"}}};
    return io::write_response_head(response.status, response.type, response.body.size(), false,
                                   kMore) +
           response.body;
}

io::TlsSetup setup_of(const Settings::ApiTls& files) {
    return {.cert = files.cert,
            .key = files.key,
            .ca = files.ca,
            .tls12 = true,  // some clients of the API do not support 1.3
            .section = "api.tls"};
}

// Each listener has its own share, so that a flood at one of them takes no connections from the
// others.
Limits share_of(const ApiLimits& limits, std::size_t listeners) {
    Limits share = limits;
    share.connections = std::max<std::size_t>(1, limits.connections / listeners);
    share.connections_per_address = std::min(share.connections_per_address, share.connections);
    return share;
}

}  // namespace

ControlServer::ControlServer(const std::vector<ListenAddress>& listen, const ApiLimits& limits,
                             Log log, const std::optional<Settings::ApiTls>& tls,
                             Milliseconds write_limit, Milliseconds silence)
    : log_(std::move(log)),
      limits_(limits),
      write_limit_(write_limit),
      silence_(silence),
      certificates_(tls ? std::make_unique<Certificates>(setup_of(*tls)) : nullptr),
      loop_([this](const std::exception& error) {
          if (const auto due = failures_.failed("loop", error.what(), read_boot_clock())) {
              log_.error(std::string("control API failed: ") + error.what() + due->suffix());
          }
      }),
      parting_(loop_, [this] {
          for (auto& listener : listeners_) listener->connections().cut_all();
      }) {
    const Limits share = share_of(limits_, listen.size());
    for (const auto& address : listen) {
        listen_at(address, leaves_ipv4_to_others(address, listen), share);
    }
}

bool ControlServer::leaves_ipv4_to_others(const ListenAddress& address,
                                          const std::vector<ListenAddress>& listen) {
    const auto* own = std::get_if<Endpoint>(&address);
    return std::ranges::any_of(listen, [&](const ListenAddress& other) {
        const auto* endpoint = std::get_if<Endpoint>(&other);
        return own && endpoint && endpoint->port == own->port &&
               endpoint->host.find(':') == std::string::npos;
    });
}

io::Listener::Serve ControlServer::serve_with(const Certificates* certificates) {
    return [this, certificates](std::shared_ptr<io::Connection> connection) {
        connection->stream().set_write_limit(write_limit_);
        return Session::serve(*serving_, std::move(connection), certificates);
    };
}

void ControlServer::listen_at(const ListenAddress& address, bool v6_only, const Limits& share) {
    if (const auto* unix_socket = std::get_if<io::UnixSocket>(&address)) {
        auto socket = io::listen_on(*unix_socket, kListen);
        io::SocketFile file(unix_socket->path);
        addresses_.push_back("unix:" + unix_socket->path.string());
        listeners_.push_back(std::make_unique<io::Listener>(loop_, std::move(socket), share,
                                                            serve_with(nullptr), full()));
        listeners_.back()->remove_at_close(std::move(file));
        return;
    }
    auto socket = io::listen_on(std::get<Endpoint>(address), v6_only, kListen);
    endpoints_.push_back(io::listens_on(socket));
    addresses_.push_back(endpoints_.back().to_string());
    // A client that expects a TLS handshake cannot read an answer in plain text.
    listeners_.push_back(std::make_unique<io::Listener>(loop_, std::move(socket), share,
                                                        serve_with(certificates_.get()),
                                                        certificates_ ? std::string() : full()));
}

ControlServer::~ControlServer() { stop(); }

void ControlServer::start(ControlRoutes& routes) {
    serving_ = std::make_unique<Serving>(loop_, routes, limits_, log_, counts_, silence_);
    // One task is enough, however often the board changes before it runs.
    const auto posted = std::make_shared<std::atomic<bool>>(false);
    board_ = routes.board().listen([this, posted, poster = loop_.poster()] {
        if (posted->exchange(true)) return;
        poster.post([this, posted] {
            *posted = false;
            serving_->board_changed();
        });
    });
    for (auto& listener : listeners_) listener->start();
    loop_.start();
    for (const auto& address : addresses_) {
        const bool encrypts = certificates_ && !address.starts_with("unix:");
        log_.info("control API listens",
                  {{"address", address}, {"tls", encrypts ? "1.2+" : "off"}});
    }
}

void ControlServer::change(const ControlOptions& options) {
    loop_.post([this, options] {
        serving_->routes().change(options);
        serving_->set_limits(options.limits);
        const auto share = share_of(options.limits, listeners_.size());
        for (auto& listener : listeners_) listener->connections().set_limits(share);
    });
}

// A handshake under way while the certificates change is checked by its session when it ends.
void ControlServer::reload_tls() {
    if (!certificates_) return;
    loop_.post([this, fresh = certificates_->reload()] {
        for (auto& listener : listeners_) {
            listener->connections().recheck(
                *fresh, [this](const io::Connection& connection, const io::TlsFailure& failure) {
                    serving_->cut_by_reload(connection.source(), failure);
                });
        }
    });
}

std::shared_ptr<const io::TlsContext> ControlServer::tls() const {
    return certificates_ ? certificates_->current() : nullptr;
}

void ControlServer::stop() noexcept {
    board_ = {};
    loop_.stop([this] { end_connections(); });
}

void ControlServer::end_connections() {
    for (auto& listener : listeners_) listener->close();
    if (!serving_) return;
    parting_.set(io::Clock::now() + kPartingTime);
    serving_->stop([this] { parting_.cancel(); });
    for (auto& listener : listeners_) listener->connections().interrupt_all();
}

}  // namespace electiond
