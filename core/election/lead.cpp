// The election while it leads: rounds, leases, hand-over, the voters.
#include <algorithm>
#include <utility>

#include <electiond/error.h>

#include "election/election.h"
#include "election/overloaded.h"

namespace electiond {

// C3. Not visible before its first lease (L1); with one voter that is at once.
void Election::become_leader(Reason cause) {
    durable_.config.number.term = durable_.term;
    told_config_.number = durable_.config.number;
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
    for (const auto& command : std::exchange(waiting_, {})) on_command(command);
}

void Election::start_round() {
    auto& lead = *leading();
    lead.next_round = now_ + timing().heartbeat;
    lead.roster.forget_silent_observers(durable_.config, now_, timing().dead_after);
    lead.rounds.open(now_);
    promise_.give(me(), now_ + timing().election_timeout);  // L3
    durable_.promise = std::max(durable_.promise, timing().election_timeout);
    refresh_view();
    for (const auto& [uuid, follower] : lead.roster.all()) {
        send(uuid, durable_.term, heartbeat_for(follower));
    }
    extend_lease();
}

// What the receiver's newest ack shows that it has is left out (§3).
Heartbeat Election::heartbeat_for(const Follower& follower) const {
    const auto& lead = *leading();
    Heartbeat heartbeat{.seq = lead.rounds.newest(),
                        .promise = timing().election_timeout,
                        .number = durable_.config.number,
                        .view = lead.view};
    if (follower.config != durable_.config.number) heartbeat.config = durable_.config;
    if (follower.view != lead.view) {
        heartbeat.members = members(now_);
        heartbeat.succession = lead.succession;
    }
    return heartbeat;
}

// R1: the view moves when what it shows of a member does, or the order, or the step by more than
// half; never for lastAckMs.
void Election::refresh_view() {
    auto& lead = *leading();
    auto order = rank(durable_.config, me(), lead.roster, timing(), now_);
    auto shown = members(now_);
    for (auto& member : shown) {
        member.last_ack.reset();
        member.rtt.reset();
    }
    if (shown == lead.shown && !differs(lead.succession, order)) return;
    lead.shown = std::move(shown);
    lead.succession = std::move(order);
    ++lead.view;
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
    if (!sent || !lead->roster.find(reply.from.uuid)) return;
    if (overtaken(reply.term) || !body.accepted) return;
    lead->roster.ack(reply.from.uuid, body, *sent, now_, timing().election_timeout);
    if (durable_.config.has(reply.from.uuid)) extend_lease();
}

// ---- section 5 and 8: the voters
// -----------------------------------------------------------------

LeadView Election::lead_view() const {
    const auto& lead = *leading();
    return {.config = durable_.config,
            .roster = lead.roster,
            .policy = policy_,
            .self = me(),
            .term = durable_.term,
            .led_since = lead.won,
            .now = now_};
}

// K2, one step at a time and never during a hand-over.
void Election::change_voters() {
    auto* lead = leading();
    if (!lead || lead->hand_over || !lead->roster.config_held(durable_.config, me())) return;
    // Before that, a quorum may hold this number of an older term only.
    if (durable_.config.number.term != durable_.term) return;
    auto step = next_step(lead_view());
    if (!step) return;
    ENSURE(step->next.has(me()) && step->next.number > durable_.config.number);
    durable_.config = std::move(step->next);
    start_round();
}

std::vector<Member> Election::members(Instant now) const {
    std::vector<Member> all;
    const auto* lead = leading();
    if (!lead) return all;
    all.push_back({.id = durable_.node_id,
                   .uuid = me(),
                   .addresses = {},
                   .api = {},
                   .role = durable_.config.has(me()) ? "voter" : "observer",
                   .last_ack = Milliseconds{0},
                   .rtt = std::nullopt,
                   .eligible = eligible(),
                   .priority = policy_.priority});
    for (const auto& [uuid, follower] : lead->roster.all()) {
        all.push_back({.id = follower.id,
                       .uuid = uuid,
                       .addresses = {},
                       .api = {},
                       .role = member_role(lead_view(), follower),
                       .last_ack = std::nullopt,
                       .rtt = follower.rtt,
                       .eligible = follower.acked && follower.eligible,
                       .priority = follower.priority});
        if (follower.acked) {
            all.back().last_ack = std::chrono::duration_cast<Milliseconds>(now - *follower.acked);
        }
    }
    return all;
}

// ---- 4.5: hand-over
// ------------------------------------------------------------------------------

void Election::on_command(const Command& command) {
    const auto* campaign = std::get_if<Candidate>(&role_);
    if (campaign && campaign->in_place) {  // T1: it first finishes its election
        waiting_.push_back(command);
        return;
    }
    std::visit(overloaded{[&](const StepDown& wish) { step_down(command.ticket, wish); },
                          [&](const Stop&) { stop(command.ticket); }},
               command.what);
}

void Election::step_down(std::uint64_t ticket, const StepDown& wish) {
    const auto refuse = [&](Reason reason) {
        out_.done.push_back({.ticket = ticket, .refused = reason, .term = durable_.term});
    };
    const auto* lead = leading();
    if (!lead) return refuse(Reason::not_leader);
    if (lead->hand_over) return refuse(Reason::draining);
    auto target = best_target(durable_.config, me(), lead->roster, timing(), now_);
    if (wish.to) {
        const auto known = std::ranges::find_if(lead->roster.all(), [&](const auto& entry) {
            return entry.second.id.value == *wish.to || entry.first.value == *wish.to;
        });
        const bool self = me().value == *wish.to || durable_.node_id.value == *wish.to;
        if (known == lead->roster.all().end() && !self) return refuse(Reason::unknown_node);
        if (self || !durable_.config.has(known->first) || !known->second.eligible ||
            !lead->roster.fresh(known->first, now_, 2 * timing().heartbeat)) {
            return refuse(Reason::not_eligible);
        }
        target = known->first;
    }
    begin_hand_over(ticket, Reason::step_down, target);
}

void Election::stop(std::uint64_t ticket) {
    stopping_ = true;
    auto* lead = leading();
    if (lead && lead->hand_over) {
        lead->hand_over->tickets.push_back(ticket);
    } else if (lead) {
        begin_hand_over(ticket, Reason::shutdown,
                        best_target(durable_.config, me(), lead->roster, timing(), now_));
    } else if (release_) {
        release_->tickets.push_back(ticket);
    } else {
        end_hand_over({ticket}, std::nullopt);
    }
}

void Election::begin_hand_over(std::uint64_t ticket, Reason cause, std::optional<NodeUuid> target) {
    HandOver hand_over;
    hand_over.tickets = {ticket};
    hand_over.cause = cause;
    hand_over.target = std::move(target);
    hand_over.started = now_;
    leading()->hand_over = std::move(hand_over);
    advance_hand_over();
}

// T1, one stage after the other; each is entered as soon as its condition holds.
void Election::advance_hand_over() {
    auto* lead = leading();
    if (!lead || !lead->hand_over) return;
    auto& hand_over = *lead->hand_over;
    if (!hand_over.draining) {
        const auto* target = hand_over.target ? lead->roster.find(*hand_over.target) : nullptr;
        if (target && target->config != durable_.config.number &&
            now_ < hand_over.started + timing().election_timeout) {
            return;
        }
        hand_over.draining = true;
        hand_over.drained_at = now_;
        hand_over.hooks_done = !policy_.has_stop_hooks;
        out_.close_grants = true;
        cause_ = hand_over.cause;
        return;
    }
    const bool hooks_over =
        hand_over.hooks_done || now_ >= hand_over.drained_at + policy_.hooks_timeout;
    if (hand_over.granted_until && now_ >= *hand_over.granted_until && hooks_over) release();
}

// T2
void Election::release() {
    auto hand_over = std::move(*leading()->hand_over);
    leading()->hand_over.reset();
    follow(hand_over.cause);
    cool_down_since_ = now_;
    set_random_timer();
    if (!hand_over.target) return end_hand_over(hand_over.tickets, std::nullopt);
    release_ = Release{.tickets = std::move(hand_over.tickets),
                       .cause = hand_over.cause,
                       .target = hand_over.target,
                       .term = durable_.term,
                       .until = now_ + timing().election_timeout,
                       .next_send = now_};
}

// T2 goes on: the target is told until a higher term is seen; whoever asked is told who leads it.
void Election::advance_release() {
    if (!release_) return;
    const auto known = leader(now_);
    if ((known && known->token > release_->term) || now_ >= release_->until) {
        const auto over = std::exchange(release_, std::nullopt);
        end_hand_over(over->tickets, known ? std::optional(known->id) : std::nullopt);
    } else if (durable_.term == release_->term && now_ >= release_->next_send) {
        send(*release_->target, release_->term, TimeoutNow{.cause = release_->cause});
        release_->next_send = now_ + timing().heartbeat;
    } else if (durable_.term != release_->term) {
        release_->next_send = kNever;
    }
}

void Election::end_hand_over(const std::vector<std::uint64_t>& tickets,
                             std::optional<NodeId> successor) {
    for (const auto ticket : tickets) {
        out_.done.push_back({.ticket = ticket,
                             .refused = Reason::none,
                             .successor = successor,
                             .term = durable_.term});
    }
}

// T3
void Election::on_timeout_now(const PeerRequest& request, const TimeoutNow& body) {
    const bool mine = request.term == durable_.term && leader_ && !leading() &&
                      leader_->uuid == request.from.uuid;
    if (!mine || !durable_.config.has(me()) || !eligible() || durable_.term >= kNumberMax) {
        return answer(TimeoutNowReply{.accepted = false},
                      request.term != durable_.term ? Reason::old_term : Reason::not_eligible);
    }
    cool_down_since_.reset();
    answer(TimeoutNowReply{.accepted = true});
    become_candidate(true, false, body.cause == Reason::none ? Reason::step_down : body.cause);
}

}  // namespace electiond
