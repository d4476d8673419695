// Signals to the process, received by one thread that starts before all others.
#pragma once

#include <condition_variable>
#include <csignal>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "election/timing.h"

namespace electiond {

// Blocks each signal that a SignalThread receives, in this thread and in all threads that it starts
// later. Ignores PIPE and XFSZ, so that a failed write does not end the process and a file size
// limit is a disk error like any other. Call it before the first thread. A child process needs an
// empty mask and default signals, as io::Child gives them.
void block_signals();

// For commands that do not serve: signals end them like any other program (Ctrl-C at a question, or
// if a check hangs). Unblocks in the calling thread what block_signals blocked, and blocks it again
// at the end.
class DefaultSignals {
  public:
    DefaultSignals();
    DefaultSignals(const DefaultSignals&) = delete;
    DefaultSignals& operator=(const DefaultSignals&) = delete;
    ~DefaultSignals();

  private:
    sigset_t before_{};
};

// A request by a signal, or by a thread (reload_request, through wake()).
struct Asked {
    enum class What { stop, reload, reload_request, nothing };
    What what = What::nothing;
    int signal = 0;
};

// "USR1"; "RTMIN+3" for a real-time signal.
[[nodiscard]] std::string signal_name(int signal);

// Receives the signals of the process from its construction on, also during the start of the
// daemon. After the first signal that requests a stop, the process ends within the limit, even if
// something hangs. After a second one it ends at once, if that comes at least kSecondStopAfter
// later (some supervisors deliver one signal twice). In both cases it calls _Exit with 0, since the
// stop was requested (71 after XCPU), and writes the reason to standard error if that is possible
// without waiting.
class SignalThread {
  public:
    static constexpr Milliseconds kSecondStopAfter{1000};

    explicit SignalThread(Milliseconds limit);
    SignalThread(const SignalThread&) = delete;
    SignalThread& operator=(const SignalThread&) = delete;
    ~SignalThread();

    // The limit counts from the first signal that requests a stop. Any thread.
    void set_limit(Milliseconds limit);
    // Sets the function that is called at the first signal that requests a stop, even if the thread
    // that calls next() hangs. It is called by the thread of this object and must not block. An
    // empty function removes it.
    void on_stop(std::function<void()> act);
    // True once a stop was requested. Any thread.
    [[nodiscard]] bool stopping() const { return stopping_within(Milliseconds{0}); }
    // The same, but waits for at most `limit`: a signal to the whole process group (from a terminal
    // or a service manager) may end a child before it is received here. Any thread.
    [[nodiscard]] bool stopping_within(Milliseconds limit) const;
    // Waits for a request, for at most `limit`. True if next() would return at once. Any thread.
    [[nodiscard]] bool asked_within(Milliseconds limit) const;
    // Waits for the next request. A stop comes before all other waiting requests: its limit is
    // running already, and reloads may take long. One thread.
    [[nodiscard]] Asked next();
    // Adds a request that does not come from a signal; next() returns it. Any thread.
    void wake(Asked::What what);

  private:
    void run();
    void take(int signal);
    [[nodiscard]] std::optional<Duration> time_left() const;

    mutable std::mutex mutex_;
    mutable std::condition_variable arrived_;
    std::deque<Asked> asked_;
    std::function<void()> on_stop_;
    std::optional<Instant> stop_since_;
    int stop_code_ = 0;  // with which the process ends if something hangs
    Milliseconds limit_;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace electiond
