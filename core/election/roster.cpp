// What a leader knows of the nodes that follow it.
#include "election/roster.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>

namespace electiond {

Roster::Roster(const Electorate& config, const NodeUuid& self, Instant now) {
    for (const auto& voter : config.voters) {
        if (voter.uuid != self) note(voter.id, voter.uuid, now);
    }
}

const Follower* Roster::find(const NodeUuid& uuid) const {
    // To compare a few for equality costs less than to look for their order.
    if (followers_.size() <= kFew) {
        const auto at = std::ranges::find(followers_, uuid, &Followers::value_type::first);
        return at == followers_.end() ? nullptr : &at->second;
    }
    const auto at = followers_.find(uuid);
    return at == followers_.end() ? nullptr : &at->second;
}

const Follower* Roster::named(const std::string& node) const {
    const Follower* found = nullptr;
    for (const auto& [uuid, follower] : followers_) {
        if (uuid.value == node) return &follower;
        if (follower.id.value == node && (!found || follower.heard() > found->heard())) {
            found = &follower;
        }
    }
    return found;
}

bool Roster::note(const NodeId& id, const NodeUuid& uuid, Instant now) {
    return followers_.try_emplace(uuid, Follower{.id = id, .uuid = uuid, .noted = now}).second;
}

void Roster::set_moved_in(const NodeUuid& uuid, bool moved_in) {
    if (const auto at = followers_.find(uuid); at != followers_.end()) {
        at->second.moved_in = moved_in;
    }
}

void Roster::ack(const NodeUuid& from, const HeartbeatReply& reply, Instant sent, Instant now,
                 Duration gap) {
    const auto at = followers_.find(from);
    if (at == followers_.end()) return;
    Follower& follower = at->second;
    const Duration rtt = now - sent;
    follower.rtt = follower.rtt ? (*follower.rtt * 7 + rtt) / 8 : rtt;
    if (reply.seq <= follower.seq) return;  // an older ack, or a repeated one
    if (!follower.acked || sent - *follower.acked > gap) {
        follower.steady_since = sent;
        follower.streak = 0;
    }
    ++follower.streak;
    follower.acked = sent;
    follower.seq = reply.seq;
    follower.config = reply.config;
    follower.view = reply.view;
    follower.eligible = reply.eligible;
    follower.wants_vote = reply.wants_vote;
    follower.leaving = reply.leaving;
    follower.cooling = reply.cooling;
    follower.priority = reply.priority;
}

void Roster::forget_silent_observers(const Electorate& config, Instant now, Duration dead_after) {
    std::erase_if(followers_, [&](const auto& entry) {
        return !config.has(entry.first) && now - entry.second.heard() >= dead_after;
    });
}

std::optional<Instant> Roster::quorum_ack(const Electorate& config, const NodeUuid& self,
                                          Instant own) const {
    std::array<Instant, kUsual> few;  // each ack asks: without an allocation
    std::vector<Instant> many(config.voters.size() > few.size() ? config.voters.size() : 0);
    const std::span<Instant> acks = many.empty() ? std::span<Instant>(few) : many;
    std::size_t count = 0;
    for (const auto& voter : config.voters) {
        if (voter.uuid == self) {
            acks[count++] = own;
        } else if (const auto* follower = find(voter.uuid); follower && follower->acked) {
            acks[count++] = *follower->acked;
        }
    }
    if (count < config.quorum()) return std::nullopt;
    std::ranges::sort(acks.first(count), std::greater{});
    return acks[config.quorum() - 1];
}

bool Roster::config_held(const Electorate& config, const NodeUuid& self) const {
    const auto holders = std::ranges::count_if(config.voters, [&](const Voter& voter) {
        if (voter.uuid == self) return true;
        const auto* follower = find(voter.uuid);
        return follower && follower->acked && follower->config == config.number;
    });
    return static_cast<std::size_t>(holders) >= config.quorum();
}

bool Roster::fresh(const NodeUuid& uuid, Instant now, Duration age) const {
    const auto* follower = find(uuid);
    return follower && is_fresh(*follower, now, age);
}

}  // namespace electiond
