// The part of Election that shows its state, and publishes what has changed since the step before.
#include <algorithm>
#include <utility>

#include "election/election.h"

namespace electiond {
namespace {

// Beyond this number, reports may be published again.
constexpr std::size_t kReportsMax = 64;

}  // namespace

// ---- the present state -------------------------------------------------------------------------

bool Election::holds_office() const {
    const auto* campaign = std::get_if<Candidate>(&role_);
    return leading() || (campaign && campaign->in_place);
}

bool Election::draining() const {
    const auto* lead = leading();
    return lead && lead->hand_over && lead->hand_over->draining;
}

LeadershipState Election::leadership() const {
    LeadershipState state{.in_office = holds_office(),
                          .draining = draining(),
                          .campaigns = !std::holds_alternative<Following>(role_) && !draining()};
    if (lease_) {
        state.token = lease_->term;
        state.lease_until = lease_->until;
    }
    if (leader_) {
        state.followed_token = durable_.term;
        state.followed_until = promise_.until;
    }
    if (hearsay_ && hearsay_->hint.term >= durable_.term) state.hearsay_until = hearsay_->until;
    return state;
}

std::optional<KnownLeader> Election::leader(Instant now) const {
    const auto state = leadership();
    switch (state.leader_at(now)) {
        case WhoLeads::self:
            return KnownLeader{me(), durable_.node_id, state.token};
        case WhoLeads::followed:
            return KnownLeader{leader_->uuid, leader_->id, state.followed_token};
        default:
            return std::nullopt;
    }
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

// M2: notes that a voter lost the lead or fell silent. Keeps the newest few for an hour.
void Election::flapped(const NodeUuid& uuid) {
    auto& times = flaps_[uuid];
    times.push_back(now_);
    if (times.size() > kFlapsMax) times.erase(times.begin());
    std::erase_if(flaps_, [this](const auto& entry) {
        return now_ - entry.second.back() > kFlapsRemembered;
    });
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

// ---- used by all parts -------------------------------------------------------------------------

void Election::answer(ReplyBody body, Reason reason) {
    out_.reply = Reply{durable_.term, reason, std::move(body)};
}

void Election::send(const NodeUuid& to, Term term, RequestBody body) {
    out_.send.push_back({.to = to, .term = term, .body = std::move(body)});
}

void Election::report(Reason reason, const std::string& detail, const NodeId& subject) {
    if (published_reports_.size() >= kReportsMax) published_reports_.clear();
    if (!published_reports_.emplace(reason, detail).second) return;
    out_.changes.emplace_back(Report{reason, durable_.term, subject, detail});
}

// Reports it, and keeps it among the problems while it lasts.
void Election::report(Reason reason, const std::string& detail, const NodeId& subject,
                      RepeatedReports& problems, const std::string& about) {
    problems.stand({reason, durable_.term, subject, detail}, about, now_, lasts_until());
    report(reason, detail, subject);
}

// Publishes the differences to what was last published, with the reason of the last transition.
void Election::publish_changes() {
    const auto state = leadership();
    if (const auto shown = state.state_at(now_); shown != published_state_) {
        published_state_ = shown;
        out_.changes.emplace_back(StateChanged{shown, durable_.term, cause_});
    }
    publish_leader(state);
    if (!holds_office()) {
        troubles_.silent.forget_all();
        troubles_.not_admitted.clear();
    }
    if (!durable_.blank()) troubles_.founders.clear();
    if (leading() || (leader_ && !durable_.blank())) troubles_.not_joined.clear();
    troubles_.not_admitted.expire(now_);
    troubles_.not_joined.expire(now_);
    if (published_config_ != durable_.config) publish_voters();
}

// Is `uuid` the previous leader, and did it lead without a gap? A leader that re-elected itself in
// place did (C4), although its voters knew no leader while they voted: its lease would have ended
// before their promise.
bool Election::goes_on_leading(const NodeUuid& uuid) const {
    if (published_last_leader_ != uuid) return false;
    return published_leader_ ||
           (cause_ == Reason::re_elected_in_place && now_ < published_promise_until_);
}

void Election::publish_leader(const LeadershipState& state) {
    const auto who = state.leader_at(now_);
    const bool own = who == WhoLeads::self;
    const NodeUuid* uuid = own ? &me() : who == WhoLeads::followed ? &leader_->uuid : nullptr;
    const auto token = own ? state.token : state.followed_token;
    const bool same = published_leader_ ? uuid && published_leader_->uuid == *uuid &&
                                              published_leader_->token == token
                                        : !uuid;
    if (!same) {
        // Our lead may have ended before our lease.
        const bool was_own = published_leader_ && published_leader_->uuid == me();
        if (was_own) published_leader_until_ = std::min(published_leader_until_, now_);
        if (uuid) {
            LeaderGained gained{.leader = *leader(now_),
                                .own = own,
                                .reason = own ? lead_cause_ : cause_,
                                .before_until = std::nullopt};
            if (!published_last_leader_.empty()) {
                gained.before_until = goes_on_leading(*uuid) ? now_ : published_leader_until_;
            }
            published_leader_ = gained.leader;
            published_last_leader_ = *uuid;
            out_.changes.emplace_back(std::move(gained));
        } else {
            out_.changes.emplace_back(LeaderLost{*published_leader_, durable_.term, cause_});
            published_leader_.reset();
        }
    }
    if (!uuid) return;
    published_leader_until_ = own ? state.lease_until : *heard_heartbeat_;
    published_promise_until_ = state.followed_until;
    troubles_.outage.end();
}

void Election::publish_voters() {
    const auto& config = durable_.config;
    const auto publish = [&](const Voter& voter, bool came, Reason reason) {
        out_.changes.emplace_back(
            VotersChanged{.voter = voter,
                          .came = came,
                          .config = config.number,
                          .voters = config.voters.size(),
                          .quorum = config.quorum(),
                          .reason = step_reason_ == Reason::none ? reason : step_reason_});
    };
    for (const auto& voter : config.voters) {
        if (!published_config_.has(voter.uuid)) publish(voter, true, Reason::voter_joined);
    }
    for (const auto& voter : published_config_.voters) {
        if (!config.has(voter.uuid)) publish(voter, false, Reason::voter_removed);
    }
    published_config_ = config;
    step_reason_ = Reason::none;
}

}  // namespace electiond
