// What the election shows of itself: what is so at a moment, and what has changed since it last
// told.
#include <algorithm>
#include <utility>

#include "election/election.h"

namespace electiond {
namespace {

// Further ones may be told again.
constexpr std::size_t kReportsMax = 64;

}  // namespace

// ---- what is so --------------------------------------------------------------------------------

bool Election::holds_office() const {
    const auto* campaign = std::get_if<Candidate>(&role_);
    return leading() || (campaign && campaign->in_place);
}

bool Election::draining() const {
    const auto* lead = leading();
    return lead && lead->hand_over && lead->hand_over->draining;
}

bool Election::leads(Instant now) const {
    return holds_office() && !draining() && lease_ && now < lease_->until;
}

std::optional<KnownLeader> Election::leader(Instant now) const {
    if (leads(now)) return KnownLeader{me(), durable_.node_id, lease_->term};
    if (!leader_ || holds_office() || now >= promise_.until) return std::nullopt;
    return KnownLeader{leader_->uuid, leader_->id, durable_.term};
}

std::optional<LeaderHint> Election::hint(Instant now) const {
    const auto known = leader(now);
    if (!known) return std::nullopt;
    const bool own = known->uuid == me();
    return LeaderHint{.id = known->id,
                      .uuid = known->uuid,
                      .term = durable_.term,
                      .address = std::nullopt,
                      .age = own ? Milliseconds{0}
                                 : std::chrono::duration_cast<Milliseconds>(
                                       now - heard_heartbeat_.value_or(now))};
}

void Election::take_hint(const std::optional<LeaderHint>& hint) {
    if (!hint || hint->uuid == me() || hint->age >= timing().election_timeout) return;
    hearsay_ = Hearsay{*hint, now_ + timing().election_timeout - hint->age};
}

// M2: remembered for an hour, the newest few.
void Election::flapped(const NodeUuid& uuid) {
    auto& times = flaps_[uuid];
    times.push_back(now_);
    if (times.size() > kFlapsMax) times.erase(times.begin());
    std::erase_if(flaps_, [this](const auto& entry) {
        return now_ - entry.second.back() > kFlapsRemembered;
    });
}

std::string_view Election::state(Instant now) const {
    if (leads(now)) return "LEADER";
    return std::holds_alternative<Following>(role_) || draining() ? "FOLLOWER" : "CANDIDATE";
}

bool Election::cooling(Instant now) const {
    if (!cool_down_since_) return false;
    return now < *cool_down_since_ + 5 * timing().election_timeout &&
           now < quiet_since() + 2 * timing().election_timeout;
}

// E2: since when a node that cools down has heard of no leader.
Instant Election::quiet_since() const {
    return std::max(*cool_down_since_, heard_heartbeat_.value_or(*cool_down_since_));
}

// ---- what every floor uses ---------------------------------------------------------------------

void Election::answer(ReplyBody body, Reason reason) {
    out_.reply = Reply{durable_.term, reason, std::move(body)};
}

void Election::send(const NodeUuid& to, Term term, RequestBody body) {
    out_.send.push_back({.to = to, .term = term, .body = std::move(body)});
}

void Election::report(Reason reason, const std::string& detail, const NodeId& subject) {
    if (told_reports_.size() >= kReportsMax) told_reports_.clear();
    if (!told_reports_.emplace(reason, detail).second) return;
    out_.changes.push_back({.kind = Change::Kind::report,
                            .reason = reason,
                            .term = durable_.term,
                            .subject = subject,
                            .uuid = {},
                            .detail = detail});
}

// Says what is different from what was last said; the reason is that of the last transition.
void Election::tell_changes() {
    if (const auto state_now = state(now_); state_now != told_state_) {
        told_state_ = state_now;
        out_.changes.push_back({.kind = Change::Kind::state,
                                .reason = cause_,
                                .term = durable_.term,
                                .subject = durable_.node_id,
                                .uuid = me(),
                                .detail = std::string(state_now)});
    }
    if (const auto known = leader(now_); known != told_leader_) {
        const auto& subject = known ? *known : *told_leader_;
        out_.changes.push_back({.kind = known ? Change::Kind::leader : Change::Kind::no_leader,
                                .reason = known && known->uuid == me() ? lead_cause_ : cause_,
                                .term = known ? known->token : durable_.term,
                                .subject = subject.id,
                                .uuid = subject.uuid,
                                .detail = {}});
        knew_leader_ = knew_leader_ || known;
        told_leader_ = known;
    }
    if (told_config_ != durable_.config) tell_voters();
}

void Election::tell_voters() {
    const auto tell = [&](const Voter& voter, Reason reason) {
        out_.changes.push_back({.kind = Change::Kind::membership,
                                .reason = step_reason_ == Reason::none ? reason : step_reason_,
                                .term = durable_.config.number.term,
                                .subject = voter.id,
                                .uuid = voter.uuid,
                                .detail = {}});
    };
    for (const auto& voter : durable_.config.voters) {
        if (!told_config_.has(voter.uuid)) tell(voter, Reason::voter_joined);
    }
    for (const auto& voter : told_config_.voters) {
        if (!durable_.config.has(voter.uuid)) tell(voter, Reason::voter_removed);
    }
    told_config_ = durable_.config;
    step_reason_ = Reason::none;
}

}  // namespace electiond
