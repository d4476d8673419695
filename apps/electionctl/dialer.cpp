// Connects to API endpoints on an event loop: by address, by name or by Unix socket.
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

namespace electiond::ctl {
namespace {

// A Unix socket can't be awaited for room in its queue.
constexpr std::chrono::milliseconds kRetry{10};

std::string in_words(int error, bool by_socket, std::chrono::milliseconds timeout) {
    if (auto known = connect_failure(error, by_socket)) return *std::move(known);
    const auto late = "no connection within " + std::to_string(timeout.count()) + " ms";
    if (error == ETIMEDOUT) return late;
    if (error == EAGAIN && by_socket) return late + ": its queue of connections is full";
    return std::generic_category().message(error);
}

}  // namespace

Dialer::Dialer(io::Loop& loop)
    : loop_(loop),
      resolver_(loop, {.on_failure =
                           [this](const std::string& host, const std::string& reason) {
                               for (const auto& call : take_waiting([&](const Call& each) {
                                        return each.place.host == host;
                                    })) {
                                   call->done(nullptr, "unknown host name: " + printable(reason));
                               }
                           },
                       .on_addresses =
                           [this](const std::string& host, const io::Addresses& addresses, bool) {
                               for (const auto& call : take_waiting([&](const Call& each) {
                                        return each.place.host == host;
                                    })) {
                                   loop_.spawn(connect(call, addresses));
                               }
                           }}),
      expiry_(loop, [this] { expire(); }),
      again_(loop, [this] { retry(); }) {}

void Dialer::dial(const std::string& endpoint, std::chrono::milliseconds timeout, Done done) {
    auto call = std::make_shared<Call>(
        Call{place_of(endpoint), timeout, io::Clock::now() + timeout, std::move(done)});
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
            return call->done(nullptr, in_words(error, true, call->timeout));
        }
        full_.push_back(call);
        return again_.set(std::min(now + kRetry, call->deadline));
    }
    try {
        call->done(io::Stream::take(loop_, std::move(socket)), "");
    } catch (const std::system_error& error) {
        call->done(nullptr, error.code().message());
    }
}

void Dialer::retry() {
    for (const auto& call : std::exchange(full_, {})) {
        if (!closed_) connect_to_socket(call);
    }
}

// Tries the addresses in turn; each gets an equal share of the time.
io::Async<> Dialer::connect(std::shared_ptr<Call> call, io::Addresses addresses) {
    std::string failure;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const auto now = io::Clock::now();
        const io::Deadline until =
            now + (call->deadline - now) / static_cast<int>(addresses.size() - i);
        const auto stream = begin_to_connect(*call, addresses[i], failure);
        if (!stream) continue;
        connecting_.insert(stream);
        const int error = co_await stream->connected(until);
        connecting_.erase(stream);
        if (closed_) co_return;
        if (error == 0) {
            resolver_.worked(call->place.host, addresses[i]);
            call->done(stream, "");
            co_return;
        }
        stream->cut();
        resolver_.failed(call->place.host, addresses[i]);
        failure = in_words(error, false, call->timeout);
    }
    if (closed_) co_return;
    resolver_.doubt(call->place.host);
    call->done(nullptr, failure);
}

std::shared_ptr<io::Stream> Dialer::begin_to_connect(const Call& call, const io::Address& address,
                                                     std::string& failure) {
    try {
        return io::Stream::connect(loop_, address, call.place.port);
    } catch (const std::system_error& error) {
        failure = in_words(error.code().value(), false, call.timeout);
        return nullptr;
    }
}

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
        call->done(nullptr, "no connection within " + std::to_string(call->timeout.count()) +
                                " ms: its name is still being looked up");
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
