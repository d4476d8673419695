// Connects to API endpoints on an event loop: by address, by name or by Unix socket; with TLS if
// the endpoint is https.
#include "electionctl/dialer.h"

#include <io/descriptor.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "electionctl/record.h"
#include "electionctl/tls_words.h"

namespace electiond::ctl {
namespace {

using Kind = NoAnswer::Kind;

// How long a server may take to read why its certificate is refused.
constexpr std::chrono::milliseconds kLinger{100};

// No event reports room in the queue of a Unix socket, so tries again after this time.
constexpr std::chrono::milliseconds kRetry{10};

NoAnswer not_connected(const std::string& why) { return {why, Kind::not_connected}; }

NoAnswer not_connected(int error, bool by_socket, std::chrono::milliseconds timeout) {
    if (const auto known = connect_failure(error, by_socket)) return not_connected(*known);
    const auto late = "no connection within " + std::to_string(timeout.count()) + " ms";
    if (error == ETIMEDOUT) return not_connected(late);
    if (error == EAGAIN && by_socket) {
        return not_connected(late + ": its queue of connections is full");
    }
    return not_connected(std::generic_category().message(error));
}

// The name or address that the server's certificate must have, without the zone of a link-local
// address, which has a meaning only on this machine.
std::string name_to_prove(const std::string& host) {
    return host.find(':') == std::string::npos ? host : host.substr(0, host.find('%'));
}

}  // namespace

Dialer::Dialer(io::Loop& loop, const Credentials& credentials)
    : loop_(loop),
      tls_(credentials.tls),
      no_tls_(credentials.no_tls),
      resolver_(
          loop,
          {.on_failure =
               [this](const std::string& host, const std::string& reason) {
                   for (const auto& call :
                        take_waiting([&](const Call& each) { return each.place.host == host; })) {
                       fail(*call, not_connected("unknown host name: " + printable(reason)));
                   }
               },
           .on_addresses =
               [this](const std::string& host, const io::Addresses& addresses, bool) {
                   for (const auto& call :
                        take_waiting([&](const Call& each) { return each.place.host == host; })) {
                       loop_.spawn(connect(call, addresses));
                   }
               }}),
      expiry_(loop, [this] { expire(); }),
      again_(loop, [this] { retry(); }) {}

void Dialer::dial(const std::string& endpoint, std::chrono::milliseconds timeout, Done done) {
    auto call = std::make_shared<Call>(
        Call{endpoint, place_of(endpoint), timeout, io::Clock::now() + timeout, std::move(done)});
    (void)loop_.post([this, call = std::move(call)] { begin(call); });
}

void Dialer::close() noexcept {
    closed_ = true;
    waiting_.clear();
    full_.clear();
    expiry_.cancel();
    again_.cancel();
    resolver_.close();
    for (const auto& stream : connecting_) stream->cut();
}

void Dialer::begin(const std::shared_ptr<Call>& call) {
    if (closed_) return;
    if (!call->place.socket_file.empty()) return connect_to_socket(call);
    if (call->place.tls && !tls_) return fail(*call, {no_tls_, Kind::no_trust});
    waiting_.push_back(call);  // before find(), which may report a failure to all waiting calls
    const auto addresses = resolver_.find(call->place.host);
    if (!addresses.empty()) {
        waiting_.remove(call);
        loop_.spawn(connect(call, addresses));
    }
    set_timer();
}

// connect() to a Unix socket succeeds or fails at once. While its queue is full, tries again.
void Dialer::connect_to_socket(const std::shared_ptr<Call>& call) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string& file = call->place.socket_file;
    std::memcpy(address.sun_path, file.data(), std::min(file.size(), sizeof address.sun_path - 1));
    io::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    // POSIX passes addresses of every family as sockaddr.
    if (!socket.open() ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        const auto now = io::Clock::now();
        if (error != EAGAIN || now >= call->deadline) {
            return fail(*call, not_connected(error, true, call->timeout));
        }
        full_.push_back(call);
        return again_.set(std::min(now + kRetry, call->deadline));
    }
    try {
        call->done(io::Stream::take(loop_, std::move(socket)), nullptr);
    } catch (const std::system_error& error) {
        fail(*call, not_connected(error.code().message()));
    }
}

void Dialer::retry() {
    for (const auto& call : std::exchange(full_, {})) {
        if (!closed_) connect_to_socket(call);
    }
}

// Tries the addresses in turn; each gets an equal share of the time.
io::Async<> Dialer::connect(std::shared_ptr<Call> call, io::Addresses addresses) {
    NoAnswer failure = not_connected("it has no address");
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const auto now = io::Clock::now();
        const io::Deadline until =
            now + (call->deadline - now) / static_cast<int>(addresses.size() - i);
        const auto stream = begin_to_connect(*call, addresses[i], failure);
        if (!stream) continue;
        connecting_.insert(stream);
        const int error = co_await stream->connected(until);
        std::optional<NoAnswer> refused;
        if (error == 0 && call->place.tls) {
            refused = co_await secure(stream, call, until);
        }
        connecting_.erase(stream);
        if (closed_) co_return;
        if (error == 0) {
            resolver_.worked(call->place.host, addresses[i]);
        } else {
            resolver_.failed(call->place.host, addresses[i]);
            refused = not_connected(error, false, call->timeout);
        }
        if (!refused) {
            call->done(stream, nullptr);
            co_return;
        }
        stream->cut();
        failure = *refused;
    }
    if (closed_) co_return;
    resolver_.doubt(call->place.host);
    fail(*call, failure);
}

std::shared_ptr<io::Stream> Dialer::begin_to_connect(const Call& call, const io::Address& address,
                                                     NoAnswer& failure) {
    try {
        return io::Stream::connect(loop_, address, call.place.port);
    } catch (const std::system_error& error) {
        failure = not_connected(error.code().value(), false, call.timeout);
        return nullptr;
    }
}

// nullopt: from here on everything is encrypted.
io::Async<std::optional<NoAnswer>> Dialer::secure(std::shared_ptr<io::Stream> stream,
                                                  std::shared_ptr<Call> call, io::Deadline until) {
    const std::string name = name_to_prove(call->place.host);
    const auto failure = co_await stream->secure(tls_, io::TlsSide::client, until, name);
    if (!failure) co_return std::nullopt;
    co_await stream->finish(kLinger);
    co_return no_answer(*failure, call->endpoint, false);
}

void Dialer::fail(const Call& call, const NoAnswer& failure) { call.done(nullptr, &failure); }

Dialer::Calls Dialer::take_waiting(const std::function<bool(const Call&)>& which) {
    Calls taken;
    for (auto at = waiting_.begin(); at != waiting_.end();) {
        const auto call = at++;
        if (which(**call)) taken.splice(taken.end(), waiting_, call);
    }
    return taken;
}

void Dialer::expire() {
    const auto now = io::Clock::now();
    for (const auto& call : take_waiting([&](const Call& each) { return each.deadline <= now; })) {
        fail(*call, not_connected("no connection within " + std::to_string(call->timeout.count()) +
                                  " ms: its name is still being looked up"));
    }
    set_timer();
}

void Dialer::set_timer() {
    if (closed_ || waiting_.empty()) return;
    const auto next = std::ranges::min_element(
        waiting_, {}, [](const std::shared_ptr<Call>& call) { return call->deadline; });
    expiry_.set((*next)->deadline);
}

}  // namespace electiond::ctl
