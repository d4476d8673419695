// Runs checks at a fixed interval, while there is something to watch.
#include "watchdog.h"

#include <utility>

#include "node/clock.h"

namespace electiond {

Watchdog::Watchdog(Milliseconds interval, std::function<void(const std::exception&)> fatal)
    : duty_(std::make_shared<Duty>()) {
    duty_->interval = interval;
    duty_->fatal = std::move(fatal);
}

void Watchdog::add(Check check) {
    add_watch([each = std::move(check)](Instant now) {
        each(now);
        return true;
    });
}

void Watchdog::add_watch(Watch watch) { duty_->checks.push_back(std::move(watch)); }

void Watchdog::start() {
    thread_ = AbandonableThread([duty = duty_] { duty->run(); });
}

void Watchdog::check_now() {
    {
        const std::lock_guard lock(duty_->mutex);
        duty_->due = true;
    }
    duty_->wake.notify_all();
}

void Watchdog::watch() {
    {
        const std::lock_guard lock(duty_->mutex);
        duty_->needed = true;
        if (!duty_->sleeping) return;
    }
    duty_->wake.notify_all();
}

bool Watchdog::stop(Deadline deadline) noexcept {
    {
        const std::lock_guard lock(duty_->mutex);
        duty_->stopping = true;
    }
    duty_->wake.notify_all();
    return thread_.join_until(deadline);
}

void Watchdog::Duty::run() noexcept try {
    std::unique_lock lock(mutex);
    for (int idle = 0;;) {
        if (idle >= kIdleChecks) {
            sleeping = true;
            wake.wait(lock, [this] { return stopping || due || needed; });
            sleeping = false;
            idle = 0;
        }
        wake.wait_for(lock, interval, [this] { return stopping || due; });
        if (stopping) return;
        bool watches = std::exchange(needed, false);
        due = false;
        lock.unlock();
        for (const auto& check : checks) watches = check(read_boot_clock()) || watches;
        lock.lock();
        idle = watches ? 0 : idle + 1;
    }
} catch (const std::exception& error) {
    fatal(error);
}

}  // namespace electiond
