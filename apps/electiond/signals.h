// Signals to the process: taken by one thread of their own, from before the first other thread on.
#pragma once

#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "election/timing.h"

namespace electiond {

// Blocks, in this thread and in all that it will start, each signal that a SignalThread takes, and
// ignores those by which a failed write would kill: PIPE, and XFSZ, so that a file size limit is a
// disk error as any other. Call it before the first thread. A child process must be given an empty
// mask and default signals (posix_spawn attributes, as in core/host/probe.cpp).
void block_signals();

// What does not serve ends by signals as any other program: Ctrl-C at a question, or where a check
// hangs. Unblocks in the calling thread what block_signals blocked, and blocks it again at the end.
class UsualSignals {
  public:
    UsualSignals();
    UsualSignals(const UsualSignals&) = delete;
    UsualSignals& operator=(const UsualSignals&) = delete;
    ~UsualSignals();

  private:
    sigset_t before_{};
};

// What a signal asks for.
struct Asked {
    enum class What { stop, reload, nothing };
    What what = What::nothing;
    int signal = 0;
};

// "USR1"; "RTMIN+3" for a real-time signal.
[[nodiscard]] std::string signal_name(int signal);

// Takes the signals of the process from its construction on, so that one which comes while the
// daemon is still starting counts, too. After the first that asks for an end the process ends
// within the limit, whatever hangs; after a second one at once, if it comes at least kInsists
// later (some supervisors deliver one signal twice). Ends the process by _Exit(0) then: it ends as
// it was asked to, and says so on standard error if that can be written without waiting.
class SignalThread {
  public:
    static constexpr Milliseconds kInsists{1000};

    explicit SignalThread(Milliseconds limit);
    SignalThread(const SignalThread&) = delete;
    SignalThread& operator=(const SignalThread&) = delete;
    ~SignalThread();

    // From the first signal that asks for an end. Any thread.
    void set_limit(Milliseconds limit);
    // Has an end been asked for? Any thread.
    [[nodiscard]] bool stopping() const;
    // What is asked for next; waits. By one thread.
    [[nodiscard]] Asked next();

  private:
    void run();
    void take(int signal);
    [[nodiscard]] std::optional<Duration> time_left() const;

    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Asked> asked_;
    std::optional<Instant> stop_since_;
    Milliseconds limit_;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace electiond
