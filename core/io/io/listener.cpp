// Accepts the connections of one listening socket and starts a coroutine for each.
#include <io/listener.h>

#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace electiond::io {
namespace {

using namespace std::chrono_literals;

constexpr int kAcceptsPerTurn = 16;  // so that a flood of connections can't starve the others
constexpr auto kPause = 100ms;
constexpr auto kLinger = 1s;  // for a refusal to be read
constexpr std::size_t kRefusingMax = Listener::kReserve / 2;
constexpr std::size_t kFew = 128;  // of so few connections memory is not given back
constexpr auto kCrowdLookedAt = 10s;

// Sends a refusal and does not wait until it is read, for connections beyond kRefusingMax. Closing
// on unread input would reset the connection, and the client could lose the refusal; so the input
// that has come is read first.
void send_at_once(const Descriptor& socket, const std::string& words, std::span<char> scratch) {
    (void)::send(socket.get(), words.data(), words.size(), MSG_NOSIGNAL);
    ::shutdown(socket.get(), SHUT_WR);
    (void)::recv(socket.get(), scratch.data(), scratch.size(), 0);
}

// accept(2) reports errors of the new connection, too: those are not the listener's.
bool is_want_of_descriptors(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

// accept(2) looks for a free descriptor first: if there is none, its error does not show whether a
// connection waits.
bool somebody_waits(int listening) {
    pollfd asked{.fd = listening, .events = POLLIN, .revents = 0};
    return ::poll(&asked, 1, 0) > 0;
}

// A new descriptor has the lowest number that is free, so this number shows how many are left.
bool is_of_last(std::size_t count, int descriptor) {
    rlimit most{};
    return ::getrlimit(RLIMIT_NOFILE, &most) == 0 &&
           static_cast<rlim_t>(descriptor) + count >= most.rlim_cur;
}

}  // namespace

Listener::Listener(Loop& loop, Descriptor socket, const Limits& limits, Serve serve,
                   std::string refusal)
    : loop_(loop),
      socket_(std::move(socket)),
      readiness_(loop.readiness(), socket_.get(), [this] { accept_some(); }),
      connections_(limits),
      serve_(std::move(serve)),
      refusal_(std::move(refusal)),
      pause_(loop, [this] { accept_some(); }),
      crowd_gone_(loop, [this] { give_memory_back(); }) {}

Listener::~Listener() { close(); }

void Listener::start() { await(); }

void Listener::close() noexcept {
    file_.reset();  // before the socket: while it is open, no other file can have its inode number
    readiness_.close();
    socket_ = Descriptor();
    pause_.cancel();
    crowd_gone_.cancel();
    for (const auto& each : refusing_) each->cut();
}

void Listener::await() { readiness_.call(Readiness::For::reading); }

// Goes on listening afterwards, also after an exception.
void Listener::accept_some() try {
    for (int n = 0; n < kAcceptsPerTurn; ++n) {
        Descriptor socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket.open()) {
            if (errno == EAGAIN || errno == EWOULDBLOCK) break;
            if (!is_want_of_descriptors(errno)) continue;
            if (!somebody_waits(socket_.get())) break;
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
} catch (...) {
    await();
    throw;  // a bug in serve_; the loop reports it
}

void Listener::take_in(Descriptor socket) try {
    if (is_of_last(kReserve, socket.get())) {
        ++connections_.counts().no_descriptor;
        if (!connections_.make_room()) return refuse(std::move(socket));
    }
    if (connections_.size() >= kFew && crowd_ < kFew) {
        crowd_ = connections_.size();
        crowd_gone_.set(Clock::now() + kCrowdLookedAt);
    }
    if (auto connection = connections_.admit(loop_, socket)) {
        loop_.spawn(serve_(std::move(connection)));
    } else {
        refuse(std::move(socket));
    }
} catch (const std::system_error&) {  // the kernel has no room to watch one more
    ++connections_.counts().no_descriptor;
}

// After a crowd: the C library keeps freed memory in the middle of its heap until malloc_trim().
void Listener::give_memory_back() {
    crowd_ = std::max(crowd_, connections_.size());
    if (connections_.size() <= crowd_ / 2) {
        ::malloc_trim(0);
        crowd_ = connections_.size();
    }
    if (crowd_ >= kFew) crowd_gone_.set(Clock::now() + kCrowdLookedAt);
}

void Listener::refuse(Descriptor socket) {
    if (refusal_.empty()) return;
    // Other listeners of this process refuse, too; the last half is for files and for accept().
    if (refusing_.size() >= kRefusingMax || is_of_last(kReserve / 2, socket.get())) {
        return send_at_once(socket, refusal_, loop_.scratch());
    }
    auto stream = Stream::take(loop_, std::move(socket));
    refusing_.push_back(stream);
    loop_.spawn(send_refusal(std::move(stream)));
}

Async<> Listener::send_refusal(std::shared_ptr<Stream> stream) {
    const std::shared_ptr<Stream> place(stream.get(), [this](auto* each) {
        std::erase_if(refusing_, [each](const auto& one) { return one.get() == each; });
    });
    stream->send(refusal_);
    co_await stream->finish(kLinger);
}

}  // namespace electiond::io
