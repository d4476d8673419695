// The onlooker: asks every node over and over who leads.
#include "watcher.h"

#include "probe.h"

namespace electiond::lab {
namespace {

// Whoever does not answer is soon asked anew: so a leader that is stopped for long finds, when it
// goes on, questions that were asked after another had taken its place.
constexpr timeval kPatience{.tv_sec = 0, .tv_usec = 250'000};

}  // namespace

Watcher::Watcher(const std::vector<Place>& places, Milliseconds every) {
    for (const auto& place : places) {
        threads_.emplace_back(
            [=, this](const std::stop_token& stop) { watch(stop, place, every); });
    }
}

void Watcher::watch(const std::stop_token& stop, const Place& place, Milliseconds every) {
    using Clock = std::chrono::steady_clock;
    cluster::Probe probe(place.port, "GET /leader", place.host, kPatience);
    for (auto next = Clock::now(); !stop.stop_requested(); std::this_thread::sleep_until(next)) {
        const auto asked = Clock::now();
        next = asked + every;
        const int code = probe.ask();
        if (code != 200 && code != 503) continue;
        note({.node = place.node,
              .asked = asked,
              .answered = Clock::now(),
              .leads = code == 200,
              .term = probe.number("term"),
              .token = probe.number("fencingToken"),
              .valid_for = Milliseconds{probe.number("validForMs")},
              .leader = probe.text("leaderId")});
    }
}

void Watcher::note(const Look& look) {
    const std::scoped_lock lock(mutex_);
    judge_.see(look);
    auto& last = newest_[look.node];
    if (last.term != look.term || last.leads != look.leads) ++changes_;
    last = look;
    ++looks_;
}

std::optional<Look> Watcher::newest(int node) const {
    const std::scoped_lock lock(mutex_);
    const auto at = newest_.find(node);
    return at == newest_.end() ? std::nullopt : std::optional(at->second);
}

std::size_t Watcher::changes() const {
    const std::scoped_lock lock(mutex_);
    return changes_;
}

std::size_t Watcher::looks() const {
    const std::scoped_lock lock(mutex_);
    return looks_;
}

std::map<Token, Lead> Watcher::leads() const {
    const std::scoped_lock lock(mutex_);
    return judge_.leads();
}

std::vector<std::string> Watcher::faults() const {
    const std::scoped_lock lock(mutex_);
    return judge_.faults();
}

}  // namespace electiond::lab
