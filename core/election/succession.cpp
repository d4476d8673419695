// Ranked timers.
#include "election/succession.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace electiond {
namespace {

constexpr Milliseconds kStepMin{4};

std::vector<const Follower*> eligible_voters(const Electorate& config, const NodeUuid& self,
                                             const Roster& roster) {
    std::vector<const Follower*> voters;
    voters.reserve(config.voters.size());
    for (const auto& voter : config.voters) {
        const auto* follower = voter.uuid == self ? nullptr : roster.find(voter.uuid);
        if (follower && follower->eligible && !follower->leaving) voters.push_back(follower);
    }
    return voters;
}

bool differs(Milliseconds current, Milliseconds next) {
    const auto drift = current > next ? current - next : next - current;
    return drift * 2 > current;
}

}  // namespace

Ranking::Ranking(const Electorate& config, const NodeUuid& self, const Roster& roster,
                 const Timing& timing, Instant now)
    : voters_(eligible_voters(config, self, roster)) {
    const auto key = [&](const Follower* follower) {
        const bool ready = !follower->cooling && is_fresh(*follower, now, 2 * timing.heartbeat);
        return std::tuple(!ready, -follower->priority);
    };
    // Stable: then in the order of the config.
    if (!std::ranges::is_sorted(voters_, {}, key)) std::ranges::stable_sort(voters_, {}, key);

    Duration slowest{0};
    for (const auto* follower : voters_) {
        if (follower->rtt) slowest = std::max(slowest, *follower->rtt);
    }
    step_ =
        std::min(kStepMin + std::chrono::ceil<Milliseconds>(4 * slowest), timing.election_spread);
}

Succession Ranking::succession() const {
    Succession succession{.step = step_};
    for (const auto* follower : voters_) succession.order.push_back(follower->uuid);
    return succession;
}

bool Ranking::differs_from(const Succession& current) const {
    return !std::ranges::equal(current.order, voters_, {}, {}, &Follower::uuid) ||
           differs(current.step, step_);
}

bool differs(const Succession& current, const Succession& next) {
    return current.order != next.order || differs(current.step, next.step);
}

std::optional<std::size_t> place_of(const Succession& succession, const NodeUuid& uuid) {
    const auto at = std::ranges::find(succession.order, uuid);
    if (at == succession.order.end()) return std::nullopt;
    return static_cast<std::size_t>(at - succession.order.begin());
}

std::optional<NodeUuid> best_target(const Electorate& config, const NodeUuid& self,
                                    const Roster& roster, const Timing& timing, Instant now) {
    auto voters = eligible_voters(config, self, roster);
    std::erase_if(voters, [&](const Follower* follower) {
        return !roster.fresh(follower->uuid, now, 2 * timing.heartbeat);
    });
    if (voters.empty()) return std::nullopt;
    return (*std::ranges::min_element(voters, {},
                                      [](const Follower* follower) {
                                          return std::tuple(follower->cooling, -follower->priority,
                                                            -follower->acked->time_since_epoch());
                                      }))
        ->uuid;
}

}  // namespace electiond
