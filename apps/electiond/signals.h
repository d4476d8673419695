// Signals to the process: received by one thread, which starts before all others.
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

// Blocks, in this thread and in all that it will start, each signal that a SignalThread receives,
// and ignores those by which a failed write would end the process: PIPE, and XFSZ, so that a file
// size limit is a disk error like any other. Call it before the first thread. A child process needs
// an empty mask and default signals, as io::Child gives them.
void block_signals();

// For commands that do not serve: they end by signals as any program does (Ctrl-C at a question, or
// if a check hangs). Unblocks in the calling thread what block_signals blocked, and blocks it again
// at the end.
class UsualSignals {
  public:
    UsualSignals();
    UsualSignals(const UsualSignals&) = delete;
    UsualSignals& operator=(const UsualSignals&) = delete;
    ~UsualSignals();

  private:
    sigset_t before_{};
};

// What a signal asks for, or a thread: reload_request, by wake().
struct Asked {
    enum class What { stop, reload, reload_request, nothing };
    What what = What::nothing;
    int signal = 0;
};

// "USR1"; "RTMIN+3" for a real-time signal.
[[nodiscard]] std::string signal_name(int signal);

// Receives the signals of the process from its construction on, so that a signal during the start
// of the daemon counts, too. After the first one that asks for an end, the process ends within the
// limit, whatever hangs. After a second one it ends at once, if that comes at least kInsists later
// (some supervisors deliver one signal twice). Both use _Exit with 0, since the end was asked for
// (71 after XCPU), and write the reason to standard error if that is possible without waiting.
class SignalThread {
  public:
    static constexpr Milliseconds kInsists{1000};

    explicit SignalThread(Milliseconds limit);
    SignalThread(const SignalThread&) = delete;
    SignalThread& operator=(const SignalThread&) = delete;
    ~SignalThread();

    // The limit counts from the first signal that asks for an end. Any thread.
    void set_limit(Milliseconds limit);
    // Called at the first signal that asks for an end, by the thread of this object: must not
    // block. For what should begin even if the thread that calls next() hangs. An empty function
    // ends that.
    void on_stop(std::function<void()> act);
    // True once an end was requested. Any thread.
    [[nodiscard]] bool stopping() const { return stopping_within(Milliseconds{0}); }
    // The same, but waits for at most `limit`: a signal to the whole process group (from a terminal
    // or a service manager) may have ended a child before it is taken here. Any thread.
    [[nodiscard]] bool stopping_within(Milliseconds limit) const;
    // Waits for the next request. A stop comes before all others that wait: the limit of the stop
    // counts already, and reloads may take long. One thread.
    [[nodiscard]] Asked next();
    // Has next() return a request that is no signal's. Any thread.
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
