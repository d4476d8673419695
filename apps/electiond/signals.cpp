// Signals to the process.
#include "signals.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include <electiond/error.h>
#include <io/timespec.h>

#include "node/clock.h"

namespace electiond {
namespace {

constexpr std::size_t kAskedMax = 64;  // further signals without a meaning are dropped
// Request a stop. XCPU comes some time before the kernel kills the process for the same reason.
constexpr int kStopSignals[] = {SIGTERM, SIGINT, SIGQUIT, SIGXCPU};
// Would end the process by default, but have no meaning for electiond. ABRT, TRAP, SEGV and the
// like keep their default, since they are faults; so do the signals of job control.
constexpr int kMeaningless[] = {SIGUSR1, SIGUSR2, SIGALRM,   SIGVTALRM,
                                SIGPROF, SIGIO,   SIGSTKFLT, SIGPWR};

bool asks_for_a_stop(int signal) {
    return std::ranges::find(kStopSignals, signal) != std::end(kStopSignals);
}

sigset_t taken_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : kStopSignals) sigaddset(&signals, signal);
    for (const int signal : kMeaningless) sigaddset(&signals, signal);
    sigaddset(&signals, SIGHUP);
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) sigaddset(&signals, signal);
    return signals;
}

// Threads of electiond or of a plugin may hang, so this function must not wait for a thread, nor
// for a reader of standard error.
[[noreturn]] void end_now(int code, std::string_view why) {
    pollfd output{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&output, 1, 0) == 1 && (output.revents & POLLOUT) != 0) {
        (void)!::write(STDERR_FILENO, why.data(), why.size());
    }
    std::_Exit(code);
}

}  // namespace

void block_signals() {
    const auto signals = taken_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

DefaultSignals::DefaultSignals() {
    const auto signals = taken_signals();
    pthread_sigmask(SIG_UNBLOCK, &signals, &before_);
}

DefaultSignals::~DefaultSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

std::string signal_name(int signal) {
    if (signal >= SIGRTMIN && signal <= SIGRTMAX) {
        return "RTMIN+" + std::to_string(signal - SIGRTMIN);
    }
    const char* name = ::sigabbrev_np(signal);
    return name ? name : std::to_string(signal);
}

SignalThread::SignalThread(Milliseconds limit) : limit_(limit), thread_([this] { run(); }) {}

SignalThread::~SignalThread() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    pthread_kill(thread_.native_handle(), SIGUSR1);  // wakes the thread, which then reads over_
    thread_.join();
}

void SignalThread::set_limit(Milliseconds limit) {
    const std::lock_guard lock(mutex_);
    limit_ = limit;
}

void SignalThread::on_stop(std::function<void()> act) {
    const std::lock_guard lock(mutex_);
    on_stop_ = std::move(act);
}

bool SignalThread::stopping_within(Milliseconds limit) const {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, limit, [this] { return stop_since_.has_value(); });
}

bool SignalThread::asked_within(Milliseconds limit) const {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, limit, [this] { return !asked_.empty(); });
}

Asked SignalThread::next() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !asked_.empty(); });
    const auto first = asked_.front();
    asked_.pop_front();
    return first;
}

void SignalThread::wake(Asked::What what) {
    {
        const std::lock_guard lock(mutex_);
        asked_.push_back({what, 0});
    }
    arrived_.notify_all();
}

// Time until the process must have ended; nullopt if no stop was requested.
std::optional<Duration> SignalThread::time_left() const {
    const std::lock_guard lock(mutex_);
    if (!stop_since_) return std::nullopt;
    return std::max(Duration{0}, *stop_since_ + limit_ - read_boot_clock());
}

void SignalThread::run() {
    for (const auto signals = taken_signals();;) {
        const auto left = time_left();
        int signal = 0;
        if (left) {
            const auto wait = io::timespec_of(*left);
            signal = ::sigtimedwait(&signals, nullptr, &wait);
        } else {
            signal = ::sigwaitinfo(&signals, nullptr);
        }
        {
            const std::lock_guard lock(mutex_);
            if (over_) return;
        }
        if (signal > 0) {
            take(signal);
        } else if (time_left() == Duration{0}) {
            end_now(
                stop_code_,
                "electiond: something hangs, so the process ends without waiting for it any "
                "longer; if it still leads, the others elect a leader after election_timeout\n");
        }
    }
}

void SignalThread::take(int signal) {
    {
        const std::lock_guard lock(mutex_);
        const auto now = read_boot_clock();
        if (asks_for_a_stop(signal)) {
            if (stop_since_) {
                if (signal == SIGXCPU || now - *stop_since_ < kSecondStopAfter) return;
                end_now(stop_code_,
                        "electiond: asked a second time to stop, so the process ends without "
                        "waiting for the hand-over; if it led, the others elect a leader after "
                        "election_timeout\n");
            }
            stop_since_ = now;
            stop_code_ = signal == SIGXCPU ? Error::os : 0;
            asked_.push_front({Asked::What::stop, signal});
            if (on_stop_) on_stop_();
        } else if (signal == SIGHUP) {
            // A waiting reload has not read the file yet, so it covers this request, too.
            const bool waits =
                std::ranges::find(asked_, Asked::What::reload, &Asked::what) != asked_.end();
            if (!waits) asked_.push_back({Asked::What::reload, signal});
        } else if (asked_.size() < kAskedMax) {
            asked_.push_back({Asked::What::nothing, signal});
        }
    }
    arrived_.notify_all();
}

}  // namespace electiond
