// Wakes coroutines whose sockets are ready.
#include <io/readiness.h>

// clang-format off
#include <boost/asio/post.hpp>
// clang-format on

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

namespace electiond::io {
namespace {

// An error and the end of the connection are reported in any case.
std::uint32_t events_of(Readiness::For what) {
    switch (what) {
        case Readiness::For::reading:
            return EPOLLIN;
        case Readiness::For::writing:
            return EPOLLOUT;
        case Readiness::For::trouble:
            break;
    }
    return EPOLLPRI;
}

bool is_ready_for(Readiness::For what, std::uint32_t events) {
    return (events & (events_of(what) | EPOLLERR | EPOLLHUP)) != 0;
}

int checked(int result) {
    if (result < 0) throw std::system_error(errno, std::generic_category());
    return result;
}

}  // namespace

// Throws exceptions again in a turn of their own, so that the other sockets of the batch are
// handled.
template <class Act>
void Readiness::guarded(const Act& act) {
    try {
        act();
    } catch (...) {
        boost::asio::post(context_,
                          [error = std::current_exception()] { std::rethrow_exception(error); });
    }
}

// ---- one socket --------------------------------------------------------------------------------

Readiness::Socket::Socket(Readiness& all, int descriptor, std::function<void()> called)
    : all_(all), descriptor_(descriptor), called_(std::move(called)) {
    epoll_event nothing{.events = EPOLLONESHOT, .data = {.ptr = this}};
    checked(::epoll_ctl(all_.epoll_.get(), EPOLL_CTL_ADD, descriptor_, &nothing));
}

Readiness::Socket::~Socket() {
    close();
    all_.forget(*this);
}

Async<bool> Readiness::Socket::wait(For what) {
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(bool)>(
        [this, what](Resume handler) {
            waits_.emplace(std::move(handler));
            waits_for_ = what;
            if (descriptor_ < 0) return cancel();
            arm();
        },
        boost::asio::use_awaitable);
}

void Readiness::Socket::cancel() {
    if (!waits_ || std::exchange(cancelled_, true)) return;
    all_.cancelled_.push_back(this);
    if (all_.cancelled_.size() == 1) {
        boost::asio::post(all_.context_, [&all = all_] { all.end_cancelled(); });
    }
}

void Readiness::Socket::call(For what) {
    if (descriptor_ < 0 || (armed_ && calls_for_ == what)) return;
    calls_for_ = what;
    arm();
}

void Readiness::Socket::close() noexcept {
    if (descriptor_ < 0) return;
    ::epoll_ctl(all_.epoll_.get(), EPOLL_CTL_DEL, descriptor_, nullptr);
    descriptor_ = -1;
    calls_for_.reset();
    disarmed();
    cancel();
}

// From now on the next readiness is reported, once.
void Readiness::Socket::arm() {
    epoll_event wanted{.events = EPOLLONESHOT, .data = {.ptr = this}};
    if (waits_) wanted.events |= events_of(waits_for_);
    if (calls_for_) wanted.events |= events_of(*calls_for_);
    checked(::epoll_ctl(all_.epoll_.get(), EPOLL_CTL_MOD, descriptor_, &wanted));
    if (!std::exchange(armed_, true)) ++all_.armed_;
    all_.await();
}

void Readiness::Socket::disarmed() noexcept {
    if (!std::exchange(armed_, false)) return;
    --all_.armed_;
    boost::system::error_code ignored;  // there is nothing to cancel
    if (all_.armed_ == 0 && all_.awaiting_) all_.watched_.cancel(ignored);
}

// Either call may end the life of this socket.
void Readiness::Socket::ready(std::uint32_t events) {
    auto& all = all_;
    disarmed();
    all.current_ = this;
    if (calls_for_ && is_ready_for(*calls_for_, events)) {
        calls_for_.reset();
        all.guarded(called_);
    }
    if (all.current_ == this && waits_ && is_ready_for(waits_for_, events)) {
        all.guarded([this] { resume(true); });
    }
    if (all.current_ != this) return;
    all.current_ = nullptr;
    const bool waited_for = (waits_ && !cancelled_) || calls_for_;
    if (descriptor_ >= 0 && !armed_ && waited_for) arm();
}

void Readiness::Socket::resume(bool ready) {
    auto handler = std::move(*waits_);
    waits_.reset();
    handler(ready);
}

// ---- all of them -------------------------------------------------------------------------------

Readiness::Readiness(boost::asio::io_context& context)
    : context_(context), epoll_(checked(::epoll_create1(EPOLL_CLOEXEC))), watched_(context) {
    Descriptor copy(checked(::fcntl(epoll_.get(), F_DUPFD_CLOEXEC, 0)));
    watched_.assign(copy.get());
    (void)copy.release();
}

// While no socket is waited for, the loop may end.
void Readiness::await() {
    if (dispatching_ || armed_ == 0 || std::exchange(awaiting_, true)) return;
    watched_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this](const auto& error) {
                            awaiting_ = false;
                            if (error)
                                await();
                            else
                                dispatch();
                        });
}

void Readiness::dispatch() {
    std::array<epoll_event, kBatch> events{};
    const int count = ::epoll_wait(epoll_.get(), events.data(), kBatch, 0);
    dispatching_ = true;
    const auto size = static_cast<std::size_t>(std::max(count, 0));
    for (std::size_t n = 0; n < size; ++n) batch_[n] = static_cast<Socket*>(events[n].data.ptr);
    for (std::size_t n = 0; n < size; ++n) {
        if (auto* const socket = std::exchange(batch_[n], nullptr)) socket->ready(events[n].events);
    }
    dispatching_ = false;
    await();
}

void Readiness::end_cancelled() {
    ending_.swap(cancelled_);
    while (!ending_.empty()) {
        auto* const socket = ending_.back();
        ending_.pop_back();
        socket->cancelled_ = false;
        if (!socket->waits_) continue;
        if (!socket->calls_for_) socket->disarmed();
        guarded([socket] { socket->resume(false); });
    }
}

void Readiness::forget(const Socket& socket) noexcept {
    std::erase(cancelled_, &socket);
    std::erase(ending_, &socket);
    std::ranges::replace(batch_, &socket, nullptr);
    if (current_ == &socket) current_ = nullptr;
}

}  // namespace electiond::io
