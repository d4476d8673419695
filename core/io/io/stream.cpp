// A connection's bytes in both directions, with absolute deadlines.
#include <io/stream.h>

// clang-format off
#include <boost/asio/ip/tcp.hpp>
// clang-format on

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace electiond::io {
namespace {

// finish() drops no more input than this: while there is input, receive() does not wait, so a
// client that sends without end would block the loop.
constexpr std::size_t kLingerBytes = std::size_t{4} * 1024 * 1024;
constexpr std::size_t kKeptCapacity = 4096;  // of an empty input buffer

// 0, or why a connection could not be made. If no program listens on a port of the ephemeral range,
// the kernel may choose it as our own port, too: then the socket is connected to itself.
int failure_of(int socket) {
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
    if (error != 0) return error;
    const auto other = other_end(socket);
    if (!other) return ENOTCONN;
    return other == own_end(socket) ? ECONNREFUSED : 0;
}

// What will be read next; nullopt if the other side has ended or broken the connection.
std::optional<char> first_byte(int socket) {
    char byte = 0;
    return ::recv(socket, &byte, 1, MSG_PEEK) == 1 ? std::optional(byte) : std::nullopt;
}

// The kinds of TLS records are 20 to 23, which no plain text begins with.
bool is_of_tls(char byte) { return byte >= 20 && byte <= 23; }

}  // namespace

std::shared_ptr<Stream> Stream::take(Loop& loop, Descriptor socket,
                                     std::chrono::milliseconds write_limit) {
    return std::shared_ptr<Stream>(new Stream(loop, std::move(socket), write_limit));
}

std::shared_ptr<Stream> Stream::connect(Loop& loop, const Address& address, std::uint16_t port,
                                        std::chrono::milliseconds write_limit) {
    const boost::asio::ip::tcp::endpoint to(address, port);
    Descriptor socket(
        ::socket(to.data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    if (!socket.open() ||
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        (::connect(socket.get(), to.data(), static_cast<socklen_t>(to.size())) != 0 &&
         errno != EINPROGRESS)) {
        throw std::system_error(errno, std::generic_category());
    }
    return take(loop, std::move(socket), write_limit);
}

Stream::Stream(Loop& loop, Descriptor socket, std::chrono::milliseconds write_limit)
    : loop_(loop),
      socket_(std::move(socket)),
      readiness_(loop.readiness(), socket_.get(), [this] { flush(); }),
      timer_(loop, [this] { check_deadlines(); }),
      write_limit_(write_limit) {}

Stream::~Stream() = default;

Async<int> Stream::connected(Deadline deadline) {
    const auto event = co_await await(For::writing, deadline);
    if (event == Event::late) co_return ETIMEDOUT;
    co_return event == Event::bytes ? failure_of(socket_.get()) : ECANCELED;
}

Async<std::optional<TlsFailure>> Stream::secure(std::shared_ptr<const TlsContext> context,
                                                TlsSide side, Deadline deadline, std::string host) {
    using Step = TlsSession::Step;
    auto session = context->begin(side, socket_.get(), host);
    bool heard = false;  // its first byte has come, and it speaks TLS; a client speaks first
    bool interrupted = false;
    for (;;) {
        auto step = Step::wants_read;
        if (heard || side == TlsSide::client) step = session->handshake();
        if (step == Step::done) break;
        if (step == Step::failed) co_return session->failure();
        if (step == Step::wants_turn) {
            co_await loop_.next_turn();
            if (broken_) co_return session->failure_as(TlsFault::closed);
            if (deadline <= Clock::now()) co_return session->failure_as(TlsFault::timed_out);
            continue;
        }
        const auto what = step == Step::wants_write ? For::writing : For::reading;
        const auto event = co_await await(what, deadline);
        if (event == Event::late) co_return session->failure_as(TlsFault::timed_out);
        if (event == Event::broken) co_return session->failure_as(TlsFault::closed);
        if (event == Event::interrupted) interrupted = true;
        if (event != Event::bytes || what != For::reading || heard) continue;
        const auto first = first_byte(socket_.get());
        if (first && !is_of_tls(*first)) co_return session->failure_as(TlsFault::plain_text);
        heard = true;  // without a byte, the handshake finds out why
    }
    tls_ = std::move(session);
    may_have_input_ = true;
    if (interrupted) interrupted_ = true;  // is for the wait that comes next
    co_return std::nullopt;
}

Async<Stream::Event> Stream::receive(Deadline deadline) {
    for (bool has_looked = false;;) {
        if (broken_) co_return Event::broken;
        if (std::exchange(may_have_input_, false)) {
            const auto event = read();
            if (event != Event::interrupted) co_return event;
            has_looked = true;
        }
        if (tls_ && std::exchange(tls_has_more_, false)) {
            co_await loop_.next_turn();
            may_have_input_ = true;
            if (broken_ || !has_looked) continue;
            if (std::exchange(interrupted_, false)) co_return Event::interrupted;
            if (deadline <= Clock::now()) co_return Event::late;
            continue;
        }
        const auto event = co_await await(reading_waits_for_, deadline);
        if (event != Event::bytes) co_return event;
        may_have_input_ = true;
    }
}

Async<Stream::Event> Stream::hold(Deadline deadline) {
    const auto event = co_await await(For::trouble, deadline);
    if (event != Event::bytes) co_return event;
    cut();
    co_return Event::broken;
}

void Stream::interrupt() {
    interrupted_ = true;
    readiness_.cancel();
}

// Waits until the socket is ready for `what`, and then returns `bytes`.
Async<Stream::Event> Stream::await(For what, Deadline deadline) {
    if (broken_) co_return Event::broken;
    deadline_ = deadline;
    set_timer();
    for (;;) {
        if (broken_) co_return Event::broken;
        if (std::exchange(interrupted_, false)) co_return Event::interrupted;
        const bool ready = co_await readiness_.wait(what);
        if (ready) co_return broken_ ? Event::broken : Event::bytes;
        if (!broken_ && !interrupted_ && deadline <= Clock::now()) co_return Event::late;
    }
}

// Reads once; `interrupted` if there is nothing now. Even if there may be more, the next read waits
// for its turn: a client that sends without end would block the loop.
Stream::Event Stream::read() {
    const auto buffer = loop_.scratch();
    if (tls_) return read_tls(buffer);
    const auto count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count > 0) {
        const auto size = static_cast<std::size_t>(count);
        in_.append(buffer.data(), size);
        return Event::bytes;
    }
    if (count == 0) return Event::ended;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return Event::interrupted;
    cut();
    return Event::broken;
}

Stream::Event Stream::read_tls(std::span<char> buffer) {
    using Step = TlsSession::Step;
    const auto [step, bytes] = tls_->read(buffer);
    reading_waits_for_ = step == Step::wants_write ? For::writing : For::reading;
    switch (step) {
        case Step::done:
            in_.append(buffer.data(), bytes);
            tls_has_more_ = tls_->has_pending();  // then the socket need not become readable
            return Event::bytes;
        case Step::ended:
            return Event::ended;
        case Step::failed:
            tls_failure_ = tls_->failure();
            cut();
            return Event::broken;
        case Step::wants_turn:
            tls_has_more_ = true;
            return Event::interrupted;
        default:
            return Event::interrupted;
    }
}

void Stream::consume(std::size_t bytes) {
    in_.erase(0, bytes);
    if (in_.empty() && in_.capacity() > kKeptCapacity) std::string().swap(in_);
}

void Stream::send(std::string_view bytes) {
    if (broken_ || bytes.empty()) return;
    if (out_.empty()) {
        bytes.remove_prefix(write(bytes));
        if (broken_ || bytes.empty()) return;
        write_deadline_ = Clock::now() + write_limit_;
        set_timer();
    }
    out_ += bytes;
    readiness_.call(writing_waits_for_);
}

// Writes until the other side takes no more, and returns how many bytes it has taken. Cuts the
// connection if it is broken.
std::size_t Stream::write(std::string_view bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        const auto rest = bytes.substr(sent);
        if (tls_) {
            using Step = TlsSession::Step;
            const auto [step, taken] = tls_->write(rest);
            sent += taken;
            if (step == Step::done) continue;
            const bool reads = step == Step::wants_read || step == Step::wants_turn;
            writing_waits_for_ = reads ? For::reading : For::writing;
            if (reads || step == Step::wants_write) break;
            if (step == Step::failed) tls_failure_ = tls_->failure();
            cut();
            break;
        }
        const auto count = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK) cut();
        if (count <= 0) break;
        sent += static_cast<std::size_t>(count);
    }
    return sent;
}

void Stream::flush() {
    if (broken_) return;
    const auto before = out_.size();
    const auto sent = write(out_);
    if (broken_) return;
    out_.erase(0, sent);
    if (!out_.empty()) {
        if (sent > 0) write_deadline_ = Clock::now() + write_limit_;
        set_timer();
        return readiness_.call(writing_waits_for_);
    }
    write_deadline_ = kNever;
    std::string().swap(out_);
    if (before > 0 && drained_) drained_();
}

Async<bool> Stream::drain() {
    bool interrupted = false;
    while (!out_.empty() && !broken_) {
        const auto event = co_await await(For::writing, kNever);
        if (event == Event::bytes) flush();
        if (event == Event::interrupted) interrupted = true;
    }
    if (interrupted) interrupted_ = true;  // is for the wait that comes next
    co_return !broken_;
}

Async<> Stream::finish(std::chrono::milliseconds linger) {
    const bool drained = co_await drain();
    if (drained) {
        if (tls_) tls_->close_notify();
        ::shutdown(socket_.get(), SHUT_WR);
        const auto deadline = Clock::now() + linger;
        for (std::size_t dropped = 0; dropped < kLingerBytes;) {
            in_.clear();
            const auto event = co_await receive(deadline);
            if (event != Event::bytes && event != Event::interrupted) break;
            dropped += in_.size();
        }
    }
    cut();
}

void Stream::set_send_buffer(std::size_t bytes) noexcept {
    const int size = static_cast<int>(bytes);  // the kernel doubles it, for its own overhead
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

void Stream::set_timer() { timer_.set(std::min(deadline_, write_deadline_)); }

void Stream::check_deadlines() {
    const auto now = Clock::now();
    if (write_deadline_ <= now) return cut();
    if (deadline_ <= now) {
        deadline_ = kNever;
        readiness_.cancel();
    }
    set_timer();
}

void Stream::cut() noexcept {
    if (std::exchange(broken_, true)) return;
    readiness_.close();
    socket_ = Descriptor();
    deadline_ = write_deadline_ = kNever;
    timer_.cancel();
    out_.clear();
}

}  // namespace electiond::io
