// Opens many event streams of one node, and records what each receives, and when.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clients.h"
#include "latencies.h"

namespace electiond::cluster {

// Has a thread of its own. Made, asked and ended by one thread.
class Watchers {
  public:
    Watchers(std::uint16_t port, int count);

    // Until each of them has had its first event; false if they have not within 15 s.
    [[nodiscard]] bool gather();
    // From now on a `leader` is news.
    void await_news() { awaits_news_ = true; }
    // How many have heard of a leader since.
    [[nodiscard]] int told() const { return told_; }

    void end() { clients_.end(); }

    // After end().
    [[nodiscard]] const std::vector<io::Deadline>& told_at() const { return told_at_; }
    // More than one for each watcher if the lead has changed again, or an event came twice.
    [[nodiscard]] int leaders() const { return leaders_; }
    [[nodiscard]] const Outcomes& outcomes() const { return outcomes_; }

  private:
    [[nodiscard]] io::Async<> watch();
    void take(std::string_view event, io::Deadline now, bool& told);

    const int count_;
    Clients clients_;
    Outcomes outcomes_;
    std::atomic<int> begun_ = 0, told_ = 0;
    std::atomic<bool> awaits_news_ = false;
    int leaders_ = 0;
    std::vector<io::Deadline> told_at_;
};

}  // namespace electiond::cluster
