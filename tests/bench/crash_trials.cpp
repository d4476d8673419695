// A simulated cluster whose leader is crashed again and again.
#include "crash_trials.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace electiond::sim {
namespace {

using FloatingMs = std::chrono::duration<double, std::milli>;

SimSettings settings_of(const Shape& shape) {
    SimSettings settings{.seed = shape.seed, .clients = false};
    settings.policy.timing = shape.timing;
    settings.policy.max_voters = shape.voters;
    return settings;
}

}  // namespace

CrashTrials::CrashTrials(const Shape& shape) : shape_(shape), cluster_(settings_of(shape)) {
    cluster_.network.weather.delay_min = Duration(shape.round_trip) / 20;
    cluster_.network.weather.delay_max = Duration(shape.round_trip) / 2;
    referee_ = std::exchange(cluster_.network.watch,
                             [this](const Departure& departure) { count(departure); });
    auto observer = cluster_.settings_.policy;
    observer.observer = true;
    for (std::size_t i = 0; i < shape.voters; ++i) cluster_.add();
    for (std::size_t i = 0; i < shape.observers; ++i) cluster_.add(observer);
    costs_.resize(cluster_.nodes().size());
    for (const auto& node : cluster_.nodes()) {
        node->timed = true;
        node->start();
    }
    settle();
}

double CrashTrials::crash() {
    cluster_.run(cluster_.random.below(Duration(shape_.timing.heartbeat)));
    auto* old = cluster_.leader();
    cluster_.expect(old != nullptr, "the lead is lost without a crash");
    const auto crashed = cluster_.now();
    old->crash("a trial");
    cluster_.expect_leader(std::chrono::minutes(1));
    const auto taken = cluster_.now() - crashed;
    old->start();
    settle();
    return FloatingMs(taken).count();
}

std::vector<Cost> CrashTrials::costs(Duration length) {
    const auto* leader = cluster_.leader();
    costs_.assign(costs_.size(), {});
    for (const auto& node : cluster_.nodes()) node->used = {};
    cluster_.expect_calm(length);
    const auto seconds = std::chrono::duration<double>(length).count();
    for (const auto& node : cluster_.nodes()) {
        auto& cost = costs_[node->index()];
        cost = {.messages = cost.messages / seconds,
                .bytes = cost.bytes / seconds,
                .processor_ms = FloatingMs(node->used).count() / seconds};
    }
    auto sorted = costs_;
    std::swap(sorted.front(), sorted[leader->index()]);
    return sorted;
}

// So long that the succession is known to all, and that nobody is cooling down any more.
void CrashTrials::settle() {
    const auto limit = (100 + 10 * static_cast<int>(shape_.voters)) * shape_.timing.stable_after;
    cluster_.expect(cluster_.run_until([this] { return is_whole(); }, limit),
                    "the cluster does not become whole");
    cluster_.run(3 * shape_.timing.election_timeout);
}

bool CrashTrials::is_whole() {
    const auto* leader = cluster_.leader();
    if (!leader) return false;
    const auto& durable = leader->election().durable();
    return durable.config.voters.size() == shape_.voters &&
           std::ranges::all_of(cluster_.nodes(), [&](const auto& node) {
               const auto& followed = node->election().followed();
               return node.get() == leader || (followed && followed->uuid == durable.uuid);
           });
}

// The referee reads what is sent, which is no cost of the sender.
void CrashTrials::count(const Departure& departure) {
    auto& cost = costs_[departure.from];
    ++cost.messages;
    cost.bytes += static_cast<double>(departure.body.size());
    const auto before = SimNode::processor_time();
    referee_(departure);
    cluster_.node(departure.from).used -= SimNode::processor_time() - before;
}

int run_reporting_faults(const std::function<void()>& main_part) {
    try {
        main_part();
        return 0;
    } catch (const Fault& fault) {
        std::fprintf(stderr, "%s", fault.what());
        return 1;
    }
}

}  // namespace electiond::sim
