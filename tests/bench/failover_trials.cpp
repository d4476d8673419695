// A cluster of real processes whose leader is killed, or steps down, again and again.
#include "failover_trials.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "bench.h"

namespace electiond::cluster {
namespace {

constexpr Milliseconds kBetweenRounds{1};
constexpr std::chrono::seconds kLongest{60};
constexpr int kVotersDefault = 7;  // cluster.max_voters

template <class TimePoint>
double ms_between(TimePoint from, TimePoint to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace

FailoverTrials::FailoverTrials(const Plan& plan, int observers, std::string request)
    : cluster_(plan),
      nodes_(plan.nodes + observers),
      request_(std::move(request)),
      window_(plan.election_timeout / 2) {
    for (int node = 1; node <= nodes_; ++node) {
        if (node > plan.nodes) {
            cluster_.configure(node, "ELECTIOND_NODE_OBSERVER=true");
        } else if (plan.nodes > kVotersDefault) {
            cluster_.configure(node, "ELECTIOND_CLUSTER_MAX_VOTERS=" + std::to_string(plan.nodes));
        }
    }
    cluster_.start_all();
    settle();
    first_term_ = cluster_.term(leader_);
}

double FailoverTrials::kill() {
    auto probes = probes_of_others();
    const auto killed = Clock::now();
    cluster_.signal(leader_, SIGKILL);
    const auto led = await_lead(probes, killed);
    cluster_.kill9(leader_);
    cluster_.start(leader_);
    settle();
    return ms_between(killed, led);
}

double FailoverTrials::hand_over() {
    auto probes = probes_of_others();
    Probe old(cluster_.api_port(leader_), request_);
    if (old.ask() != 200) give_up(cluster_, "the leader does not lead");
    auto last = Clock::now();
    const auto limit = last + kLongest;
    std::jthread asking([port = cluster_.api_port(leader_)] {
        (void)ask(port, "POST", "/step-down", "", std::chrono::seconds(30));
    });
    for (;; std::this_thread::sleep_for(kBetweenRounds)) {
        if (old.ask() == 200) last = Clock::now();
        for (auto& probe : probes) {
            if (probe.ask() != 200) continue;
            const auto first = Clock::now();
            asking.join();
            settle();
            return ms_between(last, first);
        }
        if (Clock::now() > limit) give_up(cluster_, "nobody takes over");
    }
}

// Of the voters: no observer can take over.
std::deque<Probe> FailoverTrials::probes_of_others() {
    std::deque<Probe> probes;
    for (int node = 1; node <= cluster_.plan().nodes; ++node) {
        if (node == leader_) continue;
        probes.emplace_back(cluster_.api_port(node), request_);
        if (probes.back().ask() == 0) give_up(cluster_, "a follower does not answer");
    }
    return probes;
}

FailoverTrials::Clock::time_point FailoverTrials::await_lead(std::deque<Probe>& probes,
                                                             Clock::time_point from) {
    for (;; std::this_thread::sleep_for(kBetweenRounds)) {
        for (auto& probe : probes) {
            if (probe.ask() == 200) return Clock::now();
        }
        if (Clock::now() > from + kLongest) give_up(cluster_, "nobody takes over");
    }
}

// Until all follow one leader that hears all of them, and a little longer: so that the next blow
// falls anywhere between two heartbeats.
void FailoverTrials::settle() {
    leader_ = cluster_.await_leader(cluster_.plan().nodes, kLongest);
    if (leader_ == 0 || !wait_until([this] { return all_acked(); }, kLongest)) {
        give_up(cluster_, "the cluster does not settle");
    }
    std::this_thread::sleep_for(cluster_.plan().election_timeout / 2 +
                                window_ * std::uniform_real_distribution<double>(0, 1)(random_));
}

bool FailoverTrials::all_acked() {
    const auto members = cluster_.get(leader_, "/members").json->getArray("members");
    if (members.isNull() || static_cast<int>(members->size()) != nodes_) return false;
    return std::ranges::all_of(*members, [&](const auto& member) {
        const auto age = member.template extract<Poco::JSON::Object::Ptr>()->get("lastContactMs");
        return !age.isEmpty() &&
               age.template convert<int>() <= cluster_.plan().election_timeout.count() / 2;
    });
}

}  // namespace electiond::cluster
