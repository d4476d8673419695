// Watches a cluster while something is done to it.
#include "watch.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "probe.h"

namespace electiond::cluster {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Shorter than any heartbeat interval, so that hardly any round trip is missed.
constexpr auto kPace = 5ms;
constexpr auto kElections = 20ms;
constexpr auto kUsage = 1s;
constexpr timeval kPatience{.tv_sec = 0, .tv_usec = 500'000};

}  // namespace

Watch::Watch(const Node& leader, const Node& follower)
    : leader_(leader),
      follower_(follower),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Watch::end() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
}

void Watch::run(const std::stop_token& stop) {
    Probe members(leader_.api, "GET /members", "127.0.0.1", kPatience);
    Probe lead(follower_.api, "GET /leader", "127.0.0.1", kPatience);
    auto elections_due = Clock::now();
    auto usage_due = elections_due;
    for (bool last = false; !last;) {
        last = stop.stop_requested();
        const auto now = Clock::now();
        if (now >= elections_due || last) {
            elections_due = now + kElections;
            if (lead.ask() != 0) {
                last_term_ = std::max(last_term_, lead.number("term"));
                if (first_term_ == 0) first_term_ = last_term_;
                if (const auto leader = lead.text("leaderId"); !leader.empty())
                    leaders_.insert(leader);
            }
        }
        if (now >= usage_due) {
            usage_due = now + kUsage;
            const auto usage = usage_of(leader_.pid);
            peak_.resident_mb = std::max(peak_.resident_mb, usage.resident_mb);
            peak_.descriptors = std::max(peak_.descriptors, usage.descriptors);
        }
        if (members.ask() == 200) take_round_trips(members.body());
        std::this_thread::sleep_until(now + kPace);
    }
}

// A node smooths: new = (7 × old + round trip) / 8 (core/election/roster.cpp). Two heartbeats
// between two looks count as one that took about as long as both together.
void Watch::take_round_trips(const std::string& members) {
    static const std::string kKey = "\"rttMs\":";
    std::vector<double> smoothed;
    for (auto at = members.find(kKey); at != std::string::npos; at = members.find(kKey, at + 1)) {
        const char* value = members.c_str() + at + kKey.size();
        smoothed.push_back(*value == 'n' ? 0 : std::strtod(value, nullptr));
    }
    if (smoothed.size() == smoothed_.size()) {
        for (std::size_t i = 0; i < smoothed.size(); ++i) {
            if (smoothed[i] == smoothed_[i] || smoothed_[i] == 0) continue;
            round_trips_.add_ms(std::max(0.0, 8 * smoothed[i] - 7 * smoothed_[i]));
        }
    }
    smoothed_ = std::move(smoothed);
}

}  // namespace electiond::cluster
