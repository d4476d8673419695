// Polls one discovery from a thread of its own, so that a slow one holds up nobody.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <electiond/discovery.h>
#include <electiond/log.h>

#include "election/timing.h"
#include "node/event.h"

namespace electiond {

// How one discovery does, for people. Any thread.
struct ScoutReport {
    std::string plugin{};
    std::optional<Instant> good_at{};  // its last good answer, by the boot clock
    std::string fault{};               // of its newest call; empty where that went well
    std::size_t peers = 0;             // in its last good answer
    std::uint64_t polls_ok = 0;
    std::uint64_t polls_failed = 0;
};

// start and stop by one thread; claim from any. Owns the discovery. A failing poll keeps the last
// good answer in use: nothing is posted then.
class Scout {
  public:
    Scout(std::size_t source, std::string plugin, std::unique_ptr<Discovery> discovery, Peer self,
          std::string cluster, Milliseconds interval, std::function<void(Event)> post, Log log);
    ~Scout() { stop(); }

    void start();
    // Withdraws from the discovery and joins. Idempotent.
    void stop() noexcept;

    // Asks the arbiter soon; ArbiterAnswered is posted. Only where the discovery can claim.
    void claim(const Claim& mine);

    [[nodiscard]] ScoutReport report() const;

  private:
    void run();
    void poll();
    void ask(const Claim& mine);
    void fault(const std::string& what);

    const std::size_t source_;
    std::unique_ptr<Discovery> discovery_;
    const Peer self_;
    const std::string cluster_;
    const Milliseconds interval_;
    std::function<void(Event)> post_;
    Log log_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::optional<Claim> wanted_;
    ScoutReport report_;
    std::thread thread_;
};

}  // namespace electiond
