// Wakes coroutines whose sockets are ready.
#include <io/readiness.h>
#include <io/timespec.h>

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <limits>
#include <span>
#include <system_error>
#include <utility>

namespace electiond::io {
namespace {

// An error and the end of the connection are reported in any case: `trouble` is nothing else.
std::uint32_t events_of(Readiness::For what) {
    switch (what) {
        case Readiness::For::reading:
            return EPOLLIN;
        case Readiness::For::writing:
            return EPOLLOUT;
        case Readiness::For::trouble:
            break;
    }
    return 0;
}

// Of a socket for which nobody waits: the kernel reports nothing, but for an error or the end of
// the connection, and that once.
constexpr std::uint32_t kNobody = EPOLLONESHOT;

bool is_ready_for(Readiness::For what, std::uint32_t events) {
    return (events & (events_of(what) | EPOLLERR | EPOLLHUP)) != 0;
}

int checked(int result) {
    if (result < 0) throw std::system_error(errno, std::generic_category());
    return result;
}

// Kernels before 5.11, and some containers' filters of system calls, do not know epoll_pwait2().
std::atomic<bool> has_exact_wait = true;

// As epoll_wait(). Without the exact wait it may return up to a millisecond after `deadline`.
int wait_for_events(int epoll, std::span<epoll_event> events, Deadline deadline) {
    using namespace std::chrono;
    const auto size = static_cast<int>(events.size());
    if (deadline == kNever) return ::epoll_wait(epoll, events.data(), size, -1);
    // Without the clock if it is over for certain: the loop has more to do.
    const auto rest = deadline == Deadline::min()
                          ? Deadline::duration::zero()
                          : std::max(Deadline::duration::zero(), deadline - Clock::now());
    if (rest.count() > 0 && has_exact_wait) {
        const auto at_most = timespec_of(rest);
        const int count = ::epoll_pwait2(epoll, events.data(), size, &at_most, nullptr);
        if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
        has_exact_wait = false;
    }
    const auto milli =
        std::min<std::int64_t>(ceil<milliseconds>(rest).count(), std::numeric_limits<int>::max());
    return ::epoll_wait(epoll, events.data(), size, static_cast<int>(milli));
}

}  // namespace

// ---- one socket --------------------------------------------------------------------------------

Readiness::Socket::Socket(Readiness& all, int descriptor, std::function<void()> called)
    : all_(all), descriptor_(descriptor), called_(std::move(called)), watched_(kNobody) {
    epoll_event nothing{.events = watched_, .data = {.ptr = this}};
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
            watch();
        },
        boost::asio::use_awaitable);
}

void Readiness::Socket::cancel() {
    if (!waits_ || std::exchange(cancelled_, true)) return;
    all_.cancelled_.push_back(this);
}

void Readiness::Socket::call(For what) {
    if (descriptor_ < 0) return;
    if (!std::exchange(calls_for_, what)) ++all_.calls_;
    watch();
}

void Readiness::Socket::call_off() noexcept {
    if (std::exchange(calls_for_, std::nullopt)) --all_.calls_;
}

void Readiness::Socket::close() noexcept {
    if (descriptor_ < 0) return;
    ::epoll_ctl(all_.epoll_.get(), EPOLL_CTL_DEL, descriptor_, nullptr);
    descriptor_ = -1;
    call_off();
    cancel();
}

std::uint32_t Readiness::Socket::wanted() const {
    return (waits_ ? events_of(waits_for_) : 0) | (calls_for_ ? events_of(*calls_for_) : 0);
}

// From now on what is waited for is reported, as long as it is so.
void Readiness::Socket::watch() {
    const auto events = wanted();
    if (watched_ == kNobody || (events & ~watched_) != 0) watch_for(events);
}

void Readiness::Socket::watch_for(std::uint32_t events) {
    epoll_event changed{.events = events, .data = {.ptr = this}};
    checked(::epoll_ctl(all_.epoll_.get(), EPOLL_CTL_MOD, descriptor_, &changed));
    watched_ = events;
}

// `events` have been reported. Those that nobody waits for any more would be reported again and
// again.
void Readiness::Socket::unwatch_surplus(std::uint32_t events) {
    if (descriptor_ < 0 || watched_ == kNobody) return;
    if (!waits_ && !calls_for_) return watch_for(kNobody);
    const auto surplus = events & watched_ & ~wanted();
    if (surplus != 0) watch_for(wanted());
}

// Either call may end the life of this socket.
void Readiness::Socket::ready(std::uint32_t events) {
    auto& all = all_;
    all.current_ = this;
    if (calls_for_ && is_ready_for(*calls_for_, events)) {
        call_off();
        guarded(all.failed_, called_);
    }
    if (all.current_ == this && waits_ && is_ready_for(waits_for_, events)) {
        guarded(all.failed_, [this] { resume(true); });
    }
    if (all.current_ != this) return;
    all.current_ = nullptr;
    unwatch_surplus(events);
}

void Readiness::Socket::resume(bool ready) {
    auto handler = std::move(*waits_);
    waits_.reset();
    handler(ready);
}

// ---- all of them -------------------------------------------------------------------------------

Readiness::Readiness(const Failed& failed)
    : failed_(failed), epoll_(checked(::epoll_create1(EPOLL_CLOEXEC))) {}

// Edge-triggered: each write or expiry is reported once, without a read() between them.
void Readiness::watch_wake_ups(int descriptor) {
    epoll_event written{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
    checked(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &written));
}

void Readiness::wait(Deadline deadline, std::unique_lock<std::mutex>& turn,
                     std::atomic<bool>& woken, const std::function<void()>& before) {
    std::array<epoll_event, kBatch> events;
    is_waiting_ = true;
    woken = false;
    turn.unlock();
    before();
    const int count = wait_for_events(epoll_.get(), events, deadline);
    woken = true;
    turn.lock();
    is_waiting_ = false;
    found_ = static_cast<std::size_t>(std::max(count, 0));  // EINTR: none
    for (std::size_t n = 0; n < found_; ++n) {
        auto* const socket = static_cast<Socket*>(events[n].data.ptr);
        const bool is_gone = std::ranges::find(gone_, socket) != gone_.end();
        batch_[n] = {.socket = is_gone ? nullptr : socket, .events = events[n].events};
    }
    gone_.clear();
}

void Readiness::handle() {
    for (std::size_t n = 0; n < found_; ++n) {
        const auto found = std::exchange(batch_[n], Found{});
        if (found.socket != nullptr) found.socket->ready(found.events);
    }
    found_ = 0;
}

void Readiness::end_cancelled() {
    ending_.swap(cancelled_);
    while (!ending_.empty()) {
        auto* const socket = ending_.back();
        ending_.pop_back();
        socket->cancelled_ = false;
        if (socket->waits_) guarded(failed_, [socket] { socket->resume(false); });
    }
}

void Readiness::forget(const Socket& socket) noexcept {
    std::erase(cancelled_, &socket);
    std::erase(ending_, &socket);
    for (auto& each : std::span(batch_).first(found_)) {
        if (each.socket == &socket) each.socket = nullptr;
    }
    if (is_waiting_) gone_.push_back(&socket);
    if (current_ == &socket) current_ = nullptr;
}

}  // namespace electiond::io
