// Runs checks at a fixed interval, to notice parts that hang and files that vanish; sleeps while
// nothing runs that could hang.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "election/timing.h"
#include "node/abandonable_thread.h"

namespace electiond {

// Has one thread. Call add() before start(), and everything from one thread. The checks are called
// on the watchdog's thread, one after the other, with the time of the boot clock. So a check must
// not wait: one that may hang (on a file system) needs a watchdog of its own.
class Watchdog {
  public:
    using Check = std::function<void(Instant now)>;

    // `fatal` is called on the watchdog's thread when a check has thrown; no check runs after it.
    Watchdog(Milliseconds interval, std::function<void(const std::exception&)> fatal);
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;
    ~Watchdog() { (void)stop(std::chrono::steady_clock::now() + Milliseconds{1000}); }

    void add(Check check);
    // A check that returns true as long as there is something to watch. If all checks are such, and
    // have returned false for a while, the watchdog sleeps until watch().
    using Watch = std::function<bool(Instant now)>;
    void add_watch(Watch watch);
    void start();

    // Something begins that a check must watch: from now on the checks run again at the fixed
    // interval. Any thread, at any time. It makes no system call if they still do.
    void watch();

    // Runs the checks once more, at once. Any thread, after start(); returns before they run.
    void check_now();

    // False if a check has not returned by `deadline`: then its thread is left behind, and the
    // process must end by std::_Exit. Idempotent.
    bool stop(Deadline deadline) noexcept;

    // So many times all checks must have found nothing to watch before the watchdog sleeps: so it
    // is awake already when saves follow each other, as in an election.
    static constexpr int kIdleChecks = 5;

  private:
    // Shared with the thread.
    struct Duty {
        void run() noexcept;

        Milliseconds interval{};
        std::function<void(const std::exception&)> fatal;
        std::vector<Watch> checks;
        std::mutex mutex;
        std::condition_variable wake;
        bool stopping = false;
        bool due = false;     // by check_now()
        bool needed = false;  // by watch(), since the last checks
        bool sleeping = false;
    };

    std::shared_ptr<Duty> duty_;
    AbandonableThread thread_;
};

}  // namespace electiond
