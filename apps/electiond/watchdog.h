// Runs checks at a fixed interval, to notice parts that hang and files that vanish.
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
    void start();

    // Runs the checks once more, at once. Any thread, after start(); returns before they run.
    void check_now();

    // False if a check has not returned by `deadline`: then its thread is left behind, and the
    // process must end by std::_Exit. Idempotent.
    bool stop(Deadline deadline) noexcept;

  private:
    // Shared with the thread.
    struct Duty {
        void run() noexcept;

        Milliseconds interval{};
        std::function<void(const std::exception&)> fatal;
        std::vector<Check> checks;
        std::mutex mutex;
        std::condition_variable wake;
        bool stopping = false;
        bool due = false;  // by check_now()
    };

    std::shared_ptr<Duty> duty_;
    AbandonableThread thread_;
};

}  // namespace electiond
