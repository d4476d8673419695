// Runs checks once a second, so that what hangs or vanishes is noticed by somebody.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "election/timing.h"
#include "node/abandonable_thread.h"

namespace electiond {

// One thread for the whole daemon. add() before start(); all calls by one thread. A check is called
// on the watchdog's thread with the boot clock's time, one after the other, so it must not wait for
// anything: what may hang (a file system) gets a thread of its own, and a check that looks at it.
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

    // False if a check has not come back by then: its thread is left behind, and the process must
    // end by std::_Exit. Idempotent.
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
    };

    std::shared_ptr<Duty> duty_;
    AbandonableThread thread_;
};

}  // namespace electiond
