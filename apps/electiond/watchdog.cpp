// Runs checks at a fixed interval.
#include "watchdog.h"

#include <utility>

#include "node/clock.h"

namespace electiond {

Watchdog::Watchdog(Milliseconds interval, std::function<void(const std::exception&)> fatal)
    : duty_(std::make_shared<Duty>()) {
    duty_->interval = interval;
    duty_->fatal = std::move(fatal);
}

void Watchdog::add(Check check) { duty_->checks.push_back(std::move(check)); }

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
    for (;;) {
        wake.wait_for(lock, interval, [this] { return stopping || due; });
        if (stopping) return;
        due = false;
        lock.unlock();
        for (const auto& check : checks) check(read_boot_clock());
        lock.lock();
    }
} catch (const std::exception& error) {
    fatal(error);
}

}  // namespace electiond
