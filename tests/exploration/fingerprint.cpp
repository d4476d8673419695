// What decides the future of an Election.
#include "exploration/fingerprint.h"

#include <algorithm>

#include <electiond/error.h>

#include "election/overloaded.h"
#include "exploration/hasher.h"

namespace electiond {
namespace {

using exploration::Hasher;
using exploration::index_of;
using exploration::kNodes;
using exploration::Renaming;
using exploration::uuid_of;

// What has run out has run out, however long ago.
std::uint64_t left(Instant until, Instant now) {
    return until <= now ? 0 : static_cast<std::uint64_t>((until - now).count());
}

std::uint64_t age(Instant since, Instant now) {
    return static_cast<std::uint64_t>((now - since).count());
}

std::uint64_t name(const std::optional<NodeUuid>& uuid, const Renaming& renaming) {
    return uuid ? renaming(index_of(*uuid)) : exploration::kNobody;
}

std::uint64_t mask(const std::vector<NodeUuid>& uuids, const Renaming& renaming) {
    std::uint64_t bits = 0;
    for (const auto& uuid : uuids) bits |= std::uint64_t{1} << renaming(index_of(uuid));
    return bits;
}

// Who granted; who refused only hastens a timer, and timers are free here.
std::uint64_t mask(const Tally& tally, const Renaming& renaming) {
    std::uint64_t bits = 0;
    for (exploration::NodeIndex node = 0; node < kNodes; ++node) {
        if (tally.has(uuid_of(node))) bits |= std::uint64_t{1} << renaming(node);
    }
    return bits;
}

void add(Hasher& hash, const Follower& follower, Instant now, bool votes) {
    hash.add(follower.acked ? 1 + age(*follower.acked, now) : 0)
        .add(follower.config.term)
        .add(follower.config.version)
        .add((follower.eligible ? 1U : 0U) | (follower.wants_vote ? 2U : 0U) |
             (follower.leaving ? 4U : 0U) | (follower.cooling ? 8U : 0U))
        .add(votes ? 0 : std::min(follower.streak, 2U));
}

void add(Hasher& hash, const HandOver& hand_over, const Timing& timing, Instant now,
         const Renaming& renaming) {
    hash.add(name(hand_over.target, renaming))
        .add(hand_over.promote ? renaming(index_of(hand_over.promote->uuid)) : 9)
        .add((hand_over.to_standby ? 1U : 0U) | (hand_over.draining ? 2U : 0U) |
             (hand_over.hooks_done ? 4U : 0U))
        .add(left(hand_over.started + timing.election_timeout, now))
        .add(hand_over.granted_until ? 1 + left(*hand_over.granted_until, now) : 0);
}

}  // namespace

std::uint64_t ElectionFingerprint::of(const Electorate& config, const Renaming& renaming) {
    Hasher hash;
    std::uint64_t voters = 0;
    for (const auto& voter : config.voters) {
        voters |= std::uint64_t{1} << renaming(index_of(voter.uuid));
    }
    hash.add(config.number.term).add(config.number.version).add(voters);
    return hash.add(mask(config.banned, renaming)).value();
}

std::uint64_t ElectionFingerprint::of(const Durable& record, const Renaming& renaming) {
    return Hasher()
        .add(record.term)
        .add(renaming(index_of(record.voted_for)))
        .add(of(record.config, renaming))
        .add(static_cast<std::uint64_t>(record.promise.count()))
        .add(record.left ? 1 : 0)
        .value();
}

std::uint64_t ElectionFingerprint::of(const Election& election, Instant now,
                                      const Renaming& renaming) {
    Hasher hash;
    hash.add(of(election.durable_, renaming));
    hash.add(election.rename_waits_ ? 1 + left(election.rename_due_at_, now) : 0);
    const auto& timing = election.timing();
    const auto* lead = election.leading();
    const bool promised = now < election.promise_.until;
    hash.add(left(election.promise_.until, now));
    hash.add(promised ? renaming(index_of(election.promise_.to)) : 9);
    // I3: a leader whose promise has run out is forgotten before anything else is looked at.
    const bool led = election.leader_ && (lead || promised);
    hash.add(led ? renaming(index_of(election.leader_->uuid)) : 9);
    // A lease that has run out still says by which rule a lead ends (L2).
    const auto& lease = election.lease_;
    const bool counts =
        lease && (lease->until > now || (lead && lease->term == election.durable_.term));
    hash.add(counts ? 1 + lease->term : 0).add(counts ? left(lease->until, now) : 0);

    hash.add(election.role_.index());
    std::visit(overloaded{[](const Following&) {},
                          [&](const PreCandidate& role) { hash.add(mask(role.tally, renaming)); },
                          [&](const Candidate& role) {
                              hash.add(mask(role.tally, renaming))
                                  .add((role.transfer ? 1U : 0U) | (role.in_place ? 2U : 0U));
                          },
                          [&](const Leading& role) {
                              hash.add(left(role.won + timing.election_timeout, now))
                                  .add(left(role.next_round, now))
                                  .add(age(*role.rounds.sent(role.rounds.newest()), now));
                              std::uint64_t sum = 0;  // whatever the order
                              for (const auto& [uuid, follower] : role.roster.all()) {
                                  Hasher one;
                                  one.add(renaming(index_of(uuid)));
                                  add(one, follower, now, election.durable_.config.has(uuid));
                                  sum += one.value();
                              }
                              hash.add(sum).add(role.hand_over ? 1 : 0);
                              if (role.hand_over) {
                                  add(hash, *role.hand_over, timing, now, renaming);
                              }
                          }},
               election.role_);

    const bool cools = election.cooling(now);
    hash.add(cools ? 1 + age(*election.cool_down_since_, now) : 0);
    hash.add(cools ? age(election.quiet_since(), now) : 0);
    hash.add((election.healthy_ ? 1U : 0U) | (election.stopping_ ? 2U : 0U));
    // Who steps aside for a standby waits by when it last heard a leader. Nobody does so here:
    // every hand-over names a voter.
    ENSURE(!election.replaced_by_);
    if (const auto& release = election.release_) {
        hash.add(name(release->target, renaming))
            .add(release->term)
            .add(release->to_standby ? 2 : 1)
            .add(left(release->until, now))
            .add(left(release->next_send, now));
    }
    std::uint64_t removed = 0;
    for (const auto& removal : election.removals_) {
        removed |= std::uint64_t{1} << renaming(index_of(removal.uuid));
        hash.add(left(removal.until, now));
        hash.add(removal.undecided ? 1 + left(*removal.undecided, now) : 0);
    }
    hash.add(removed);
    for (const auto& command : election.deferred_commands_) {
        const auto* removal = std::get_if<Remove>(&command.what);
        const auto* handing = std::get_if<StepDown>(&command.what);
        const auto who = removal ? removal->node : handing ? handing->to.value_or("") : "";
        hash.add(command.what.index()).add(renaming(index_of(NodeUuid(who))));
    }
    const auto& leave = election.leave_;
    hash.add(leave && leave->undecided ? 1 + left(*leave->undecided, now) : 0);
    return hash.add(leave ? 1 + left(leave->until, now) : 0).value();
}

std::vector<Instant> ElectionFingerprint::instants(const Election& election) {
    const auto& timing = election.timing();
    std::vector<Instant> all{election.promise_.until};
    if (election.lease_) all.push_back(election.lease_->until);
    if (election.rename_waits_) all.push_back(election.rename_due_at_);
    if (const auto* lead = election.leading()) {
        all.push_back(lead->next_round);
        all.push_back(election.lapse_of(*lead));
        if (const auto& hand_over = lead->hand_over) {
            if (!hand_over->draining) {
                all.push_back(hand_over->started + timing.election_timeout);
            } else if (hand_over->granted_until) {
                all.push_back(*hand_over->granted_until);
            }
        }
    }
    if (const auto& release = election.release_) {
        all.push_back(release->until);
        all.push_back(release->next_send);
    }
    if (election.leave_) all.push_back(election.leave_->until);
    if (election.leave_ && election.leave_->undecided) all.push_back(*election.leave_->undecided);
    for (const auto& removal : election.removals_) {
        all.push_back(removal.until);
        if (removal.undecided) all.push_back(*removal.undecided);
    }
    std::erase(all, kNever);
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

void ElectionFingerprint::hold_timers(Election& election) {
    election.election_timer_ = kNever;
    election.next_hello_ = kNever;
    election.next_claim_ = kNever;
    election.flaps_.clear();
}

void ElectionFingerprint::fire_timer(Election& election, Instant now) {
    election.election_timer_ = now;
}

}  // namespace electiond
