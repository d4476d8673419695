// The part of Election for a node that leads: rounds, leases, the voters.
#include <algorithm>
#include <span>
#include <utility>

#include <electiond/error.h>

#include "election/election.h"

namespace electiond {
namespace {

// As the view shows it: not before an ack has said so.
bool may_lead(const Follower& follower) { return follower.acked && follower.eligible; }

std::optional<Milliseconds> last_ack(const Follower& follower, Instant now) {
    if (!follower.acked) return std::nullopt;
    return std::chrono::duration_cast<Milliseconds>(now - *follower.acked);
}

}  // namespace

// C3. The leader is visible from its first lease on (L1); with one voter that is at once.
void Election::become_leader(Reason cause) {
    durable_.config.number.term = durable_.term;
    published_config_.number = durable_.config.number;
    leader_ = Followed{me(), durable_.node_id};
    lead_cause_ = cause;
    cool_down_since_.reset();
    role_ = Leading{.won = now_,
                    .rounds = {},
                    .roster = Roster(durable_.config, me(), now_),
                    .succession = {},
                    .hand_over = {},
                    .next_round = now_};
    next_claim_ = now_;
    next_hello_ = now_ + 5 * timing().election_timeout;
    start_round();
}

// Runs the commands that came during a re-election in place: once a quorum has acked, a successor
// is known, too.
void Election::run_deferred_commands() {
    if (deferred_commands_.empty() || !lease_ || lease_->term != durable_.term) return;
    for (const auto& command : std::exchange(deferred_commands_, {})) on_command(command);
}

void Election::start_round() {
    auto& lead = *leading();
    lead.next_round = now_ + timing().heartbeat;
    lead.roster.forget_silent_observers(durable_.config, now_, timing().dead_after);
    lead.rounds.open(now_);
    promise_.give(me(), now_ + timing().election_timeout);  // L3
    durable_.promise = std::max(durable_.promise, timing().election_timeout);
    refresh_view();
    const bool pending = !config_held();
    out_.send.reserve(out_.send.size() + lead.roster.all().size());
    for (const auto& [uuid, follower] : lead.roster.all()) {
        send(uuid, durable_.term, heartbeat_for(follower, pending));
    }
    extend_lease();
    watch_voters();
}

// Leaves out what the receiver has, by its newest ack (§3).
Heartbeat Election::heartbeat_for(const Follower& follower, bool pending) const {
    const auto& lead = *leading();
    Heartbeat heartbeat{.seq = lead.rounds.newest(),
                        .promise = timing().election_timeout,
                        .number = durable_.config.number,
                        .config_pending = pending,
                        .view = lead.view};
    if (follower.config != durable_.config.number) heartbeat.config = durable_.config;
    if (follower.view != lead.view) {
        heartbeat.members = members(now_);
        heartbeat.succession = lead.succession;
    }
    return heartbeat;
}

// R1: makes a new view if the shown data of a member change, or the order, or the step by more than
// half; never for lastAckMs.
void Election::refresh_view() {
    auto& lead = *leading();
    const Ranking ranking(durable_.config, me(), lead.roster, timing(), now_);
    if (shows_members() && !ranking.differs_from(lead.succession)) return;
    lead.shown = members(now_);
    for (auto& member : lead.shown) {
        member.last_ack.reset();
        member.rtt.reset();
    }
    lead.succession = ranking.succession();
    ++lead.view;
    out_.members = true;
}

// Other nodes learn the new settings by this node's next ack or, if it leads, by its next view
// (R1). If another voter should lead now, M2 hands over.
void Election::take_policy(const PolicyChange& change) {
    policy_.priority = change.priority;
    policy_.max_voters = change.max_voters;
    auto& timing = policy_.timing;
    timing.heartbeat = change.heartbeat;
    timing.election_spread = change.election_spread;
    timing.request_timeout = change.request_timeout;
    timing.stable_after = change.stable_after;
    timing.dead_after = change.dead_after;
    if (auto* lead = leading()) {
        lead->next_round = std::min<Instant>(lead->next_round, now_ + timing.heartbeat);
        lead->next_look = now_;
        refresh_view();
    }
}

// Does the view still show what members() would? Without copies, because each round asks.
bool Election::shows_members() const {
    const auto& lead = *leading();
    const auto& followers = lead.roster.all();
    if (lead.shown.size() != followers.size() + 1) return false;
    const auto& own = lead.shown.front();
    if (own.role != own_role() || own.eligible != eligible() || own.priority != policy_.priority) {
        return false;
    }
    const auto view = lead_view();
    const bool grows = growth_is_due(view);
    return std::ranges::equal(
        followers, std::span(lead.shown).subspan(1), [&](const auto& entry, const Member& shown) {
            const auto& follower = entry.second;
            return follower.uuid == shown.uuid && follower.id == shown.id &&
                   member_role(view, follower, grows) == shown.role &&
                   may_lead(follower) == shown.eligible && follower.priority == shown.priority;
        });
}

// L1
void Election::extend_lease() {
    const auto& lead = *leading();
    const Instant own = *lead.rounds.sent(lead.rounds.newest());
    const auto quorum_ack = lead.roster.quorum_ack(durable_.config, me(), own);
    if (!quorum_ack) return;
    const Instant end = *quorum_ack + timing().lease();
    lease_ = Lease{durable_.term, lease_ ? std::max(lease_->until, end) : end};
}

void Election::on_heartbeat_reply(const PeerReply& reply, const HeartbeatReply& body) {
    auto* lead = leading();
    if (!lead || reply.request_term != durable_.term || reply.from.uuid == me()) return;  // I2
    const auto sent = lead->rounds.sent(body.seq);
    if (!sent) return;
    if (!lead->roster.find(reply.from.uuid)) {
        // It gets the heartbeats of a node that had its address before, so it sends no hello (B6).
        Reason refused = Reason::none;
        return admit(reply.from, refused);
    }
    if (overtaken(reply.term) || !body.accepted) return;
    const auto* follower = lead->roster.find(reply.from.uuid);
    if (follower->acked && *sent - *follower->acked > timing().election_timeout) {
        flapped(reply.from.uuid);  // M2: it fell silent
    }
    if (!follower->acked) out_.members = true;  // the first ack since this node leads
    const auto view = lead_view();
    const auto before = standing(view, *follower);
    lead->roster.ack(reply.from.uuid, body, *sent, now_, timing().election_timeout);
    if (standing(view, *follower) != before) lead->next_look = now_;
    if (durable_.config.has(reply.from.uuid)) extend_lease();
    voter_acked(*follower);
    if (durable_.config.bans(reply.from.uuid) && body.config == durable_.config.number) {
        lead->roster.forget(reply.from.uuid);  // it knows that it is banned
    }
}

// ---- section 5 and 8: the voters --------------------------------------------------------------

LeadView Election::lead_view() const {
    const auto& lead = *leading();
    std::vector<NodeUuid> asked;
    for (const auto& removal : removals_) {
        if (!removal.dry_run) asked.push_back(removal.uuid);
    }
    return {.config = durable_.config,
            .roster = lead.roster,
            .policy = policy_,
            .self = me(),
            .term = durable_.term,
            .led_since = lead.won,
            .now = now_,
            .asked = std::move(asked)};
}

// K2: a quorum has acked the current configuration, under the number it has in this term (C3).
bool Election::may_change_voters() const {
    return durable_.config.number.term == durable_.term && holds_config() &&
           leading()->roster.config_held(durable_.config, me());
}

bool Election::config_held() const { return leading() && may_change_voters(); }

// One change at a time, and none during a hand-over, which may need a change of its own (E1). Looks
// at all nodes, so not at every ack: only if something has changed that a step can depend on.
// Each such change sets next_look, which stays until it is looked at.
void Election::change_voters() {
    auto* lead = leading();
    if (!lead || now_ < lead->next_look || lead->hand_over || !may_change_voters()) return;
    const auto view = lead_view();
    if (auto step = next_step(view)) return install(std::move(*step));
    lead->next_look = next_look(view);
}

void Election::install(ConfigStep step) {
    ENSURE(step.next.has(me()) && step.next.number > durable_.config.number);
    leading()->next_look = now_;
    durable_.config = std::move(step.next);
    step_reason_ = step.reason;
    start_round();
}

// A removal is done when a quorum holds the configuration that bans the node. It is given up if too
// many other voters fell silent meanwhile.
void Election::end_removals() {
    auto* lead = leading();
    if (!lead || removals_.empty()) return;
    lead->next_look = now_;
    const bool held = holds_config() && lead->roster.config_held(durable_.config, me());
    std::erase_if(removals_, [&](Removal& removal) {
        if (durable_.config.bans(removal.uuid)) {
            if (held) end({removal.ticket}, std::nullopt);
            return held;
        }
        const auto verdict = can_remove(removal.uuid);
        if (verdict == Removable::yes) {
            removal.undecided.reset();
            if (removal.dry_run) end({removal.ticket}, std::nullopt);
            return removal.dry_run;
        }
        const bool late =
            now_ >= removal.until ||
            (removal.undecided && (verdict == Removable::no || now_ >= *removal.undecided));
        if (late) refuse(removal.ticket, Reason::would_lose_quorum);
        return late;
    });
}

// The role of this node while it leads.
MemberRole Election::own_role() const {
    return durable_.config.has(me()) ? MemberRole::voter : MemberRole::observer;
}

std::vector<Member> Election::members(Instant now) const {
    std::vector<Member> all;
    const auto* lead = leading();
    if (!lead) return all;
    all.reserve(lead->roster.all().size() + 1);
    all.push_back({.id = durable_.node_id,
                   .uuid = me(),
                   .addresses = {},
                   .api = {},
                   .role = own_role(),
                   .last_ack = Milliseconds{0},
                   .rtt = std::nullopt,
                   .eligible = eligible(),
                   .priority = policy_.priority});
    const auto view = lead_view();
    const bool grows = growth_is_due(view);
    for (const auto& [uuid, follower] : lead->roster.all()) {
        all.push_back({.id = follower.id,
                       .uuid = uuid,
                       .addresses = {},
                       .api = {},
                       .role = member_role(view, follower, grows),
                       .last_ack = std::nullopt,
                       .rtt = follower.rtt,
                       .eligible = may_lead(follower),
                       .priority = follower.priority});
        all.back().last_ack = last_ack(follower, now);
    }
    return all;
}

Contact Election::contact_with(const NodeUuid& uuid, Instant now) const {
    if (uuid == me()) return {.last_ack = Milliseconds{0}};
    const auto* lead = leading();
    const auto* follower = lead ? lead->roster.find(uuid) : nullptr;
    if (!follower) return {};
    return {.last_ack = last_ack(*follower, now), .rtt = follower->rtt};
}

}  // namespace electiond
