// Accepts the connections of one listening socket and starts a coroutine for each.
#include <io/listener.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace electiond::io {
namespace {

using namespace std::chrono_literals;

constexpr int kAcceptsPerTurn = 16;  // so that a flood of connections can't starve the others
constexpr auto kPause = 100ms;
constexpr auto kLinger = 1s;  // for a refusal to be read
constexpr std::size_t kRefusingMax = Listener::kReserve / 2;

// accept(2) reports errors of the new connection, too: those are not the listener's.
bool is_want_of_descriptors(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Listener::Listener(Loop& loop, Descriptor socket, const Limits& limits, Serve serve,
                   std::string refusal)
    : loop_(loop),
      socket_(loop.context()),
      connections_(limits),
      serve_(std::move(serve)),
      refusal_(std::move(refusal)),
      pause_(loop, [this] { accept_some(); }) {
    socket_.assign(socket.get());
    (void)socket.release();
}

Listener::~Listener() { close(); }

void Listener::start() { await(); }

void Listener::close() noexcept {
    boost::system::error_code ignored;  // closed it is in any case
    socket_.close(ignored);
    pause_.cancel();
}

void Listener::await() {
    socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](const auto& stopped) {
                           if (!stopped) accept_some();
                       });
}

void Listener::accept_some() {
    for (int n = 0; n < kAcceptsPerTurn; ++n) {
        Descriptor socket(
            ::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket.open()) {
            if (errno == EAGAIN || errno == EWOULDBLOCK) break;
            if (!is_want_of_descriptors(errno)) continue;
            ++connections_.counts().no_descriptor;
            if (connections_.make_room()) continue;
            pause_.set(Clock::now() + kPause);
            return;
        }
        const int on = 1;  // fails on a Unix socket, which needs none
        (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        take_in(std::move(socket));
    }
    await();
}

void Listener::take_in(Descriptor socket) try {
    if (auto connection = connections_.admit(loop_, socket)) {
        loop_.spawn(serve_(std::move(connection)));
    } else {
        refuse(std::move(socket));
    }
} catch (const std::system_error&) {  // the kernel has no room to watch one more
    ++connections_.counts().no_descriptor;
}

void Listener::refuse(Descriptor socket) {
    if (refusal_.empty() || refusing_ >= kRefusingMax) return;
    ++refusing_;
    loop_.spawn(say_refusal(Stream::take(loop_, std::move(socket))));
}

Async<> Listener::say_refusal(std::shared_ptr<Stream> stream) {
    stream->send(refusal_);
    co_await stream->finish(kLinger);
    --refusing_;
}

}  // namespace electiond::io
