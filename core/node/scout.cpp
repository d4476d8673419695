// Polls one discovery from a thread of its own.
#include "node/scout.h"

#include <utility>

#include "node/clock.h"

namespace electiond {

Scout::Scout(std::size_t source, std::string plugin, std::unique_ptr<Discovery> discovery,
             Peer self, std::string cluster, Milliseconds interval, std::function<void(Event)> post,
             Log log)
    : source_(source),
      discovery_(std::move(discovery)),
      self_(std::move(self)),
      cluster_(std::move(cluster)),
      interval_(interval),
      post_(std::move(post)),
      log_(std::move(log)) {
    report_.plugin = std::move(plugin);
}

void Scout::start() {
    thread_ = std::thread([this] { run(); });
}

void Scout::stop() noexcept {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Scout::claim(const Claim& mine) {
    {
        const std::lock_guard lock(mutex_);
        wanted_ = mine;
    }
    wake_.notify_all();
}

void Scout::run() {
    auto next_poll = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (auto wanted = std::exchange(wanted_, std::nullopt)) {
            lock.unlock();
            ask(*wanted);
            lock.lock();
        } else if (std::chrono::steady_clock::now() >= next_poll) {
            next_poll = std::chrono::steady_clock::now() + interval_;
            lock.unlock();
            poll();
            lock.lock();
        } else {
            wake_.wait_until(lock, next_poll, [this] { return stopping_ || wanted_; });
        }
    }
    lock.unlock();
    discovery_->withdraw();
}

void Scout::poll() {
    try {
        discovery_->announce(self_);
        auto peers = discovery_->poll();
        {
            const std::lock_guard lock(mutex_);
            if (!report_.fault.empty())
                log_.info("discovery works again", {{"plugin", report_.plugin}});
            report_.fault.clear();
            report_.good_at = read_boot_clock();
            report_.peers = peers.size();
            ++report_.polls_ok;
        }
        post_(PeersPolled{source_, std::move(peers)});
    } catch (const std::exception& error) {
        fault(error.what());
    }
}

void Scout::ask(const Claim& mine) {
    std::optional<Claim> stored;
    try {
        stored = discovery_->claim(cluster_, mine);
    } catch (const std::exception& error) {
        fault(error.what());
    }
    post_(ArbiterAnswered{std::move(stored)});
}

// Logged once per change of words.
void Scout::fault(const std::string& what) {
    const std::lock_guard lock(mutex_);
    ++report_.polls_failed;
    if (report_.fault == what) return;
    report_.fault = what;
    log_.warning("discovery fails, its last good answer stays in use: " + what,
                 {{"plugin", report_.plugin}});
}

ScoutReport Scout::report() const {
    const std::lock_guard lock(mutex_);
    return report_;
}

}  // namespace electiond
