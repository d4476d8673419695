// The part of Election that ends a lead or a membership: step-down, takeover, stop, leave, remove
// (§4.5, §6.4).
#include <algorithm>
#include <utility>

#include "election/election.h"
#include "election/overloaded.h"

namespace electiond {

void Election::on_command(const Command& command) {
    const auto* campaign = std::get_if<Candidate>(&role_);
    if (campaign && campaign->in_place) {  // T1: the re-election comes first
        deferred_commands_.push_back(command);
        return;
    }
    std::visit(overloaded{[&](const StepDown& body) { step_down(command.ticket, body); },
                          [&](const Remove& body) { remove(command.ticket, body); },
                          [&](const Leave&) { leave(command.ticket); },
                          [&](const Stop&) { stop(command.ticket); }},
               command.what);
}

void Election::refuse(std::uint64_t ticket, Reason reason) {
    out_.done.push_back(
        {.ticket = ticket, .refused = reason, .successor = std::nullopt, .term = durable_.term});
}

void Election::step_down(std::uint64_t ticket, const StepDown& command) {
    const auto* lead = leading();
    if (!lead) return refuse(ticket, Reason::not_leader);
    if (lead->hand_over) return refuse(ticket, Reason::draining);
    auto target = best_successor();
    if (command.to) {
        const auto* wanted = lead->roster.named(*command.to);
        const bool self = me().value == *command.to || durable_.node_id.value == *command.to;
        if (!wanted && !self) return refuse(ticket, Reason::unknown_node);
        if (self || !durable_.config.has(wanted->uuid) || !wanted->eligible ||
            !lead->roster.fresh(wanted->uuid, now_, 2 * timing().heartbeat)) {
            return refuse(ticket, Reason::not_eligible);
        }
        target = wanted->uuid;
    }
    begin_hand_over({ticket}, Reason::step_down, target);
}

void Election::stop(std::uint64_t ticket) {
    stopping_ = true;
    auto* lead = leading();
    if (lead && lead->hand_over) {
        lead->hand_over->tickets.push_back(ticket);
    } else if (lead) {
        begin_hand_over({ticket}, Reason::shutdown, best_successor());
    } else if (release_) {
        release_->tickets.push_back(ticket);
    } else {
        end({ticket}, std::nullopt);
    }
}

// M2: hands over to an eligible voter of higher priority. The more often that voter has failed (see
// flapped()), the longer it must have been steady.
void Election::give_way() {
    const auto* lead = leading();
    if (!lead || lead->hand_over) return;
    const auto& followers = lead->roster.all();
    const bool is_first = std::ranges::none_of(
        followers, [this](const auto& entry) { return entry.second.priority > policy_.priority; });
    if (is_first) return;  // the usual case, at every event
    const auto waits = [this](const NodeUuid& uuid) {
        const auto at = flaps_.find(uuid);
        std::size_t flaps = 0;
        if (at != flaps_.end()) {
            flaps = static_cast<std::size_t>(std::ranges::count_if(
                at->second, [this](Instant when) { return now_ - when <= kFlapsRemembered; }));
        }
        return timing().stable_after * (1 << flaps);
    };
    if (const auto target = takeover_target(lead_view(), waits)) {
        begin_hand_over({}, Reason::takeover, target);
    }
}

// ---- 6.4: leave and remove ---------------------------------------------------------------------

void Election::remove(std::uint64_t ticket, const Remove& command) {
    auto* lead = leading();
    if (!lead) return refuse(ticket, Reason::not_leader);
    if (lead->hand_over) return refuse(ticket, Reason::draining);
    const bool self = me().value == command.node || durable_.node_id.value == command.node;
    if (self && !command.dry_run) return leave(ticket);
    const auto* wanted = lead->roster.named(command.node);
    if (!self && !wanted) return refuse(ticket, Reason::unknown_node);
    const auto uuid = self ? me() : wanted->uuid;
    const auto verdict = durable_.config.has(uuid) ? can_remove(uuid) : Removable::yes;
    if (verdict == Removable::no) return refuse(ticket, Reason::would_lose_quorum);
    // As at the beginning of begin_hand_over(): the leader leaves only if another can lead.
    if (self && !best_successor() && !eligible_standby(lead_view())) {
        return refuse(ticket, Reason::not_eligible);
    }
    Removal removal{.uuid = uuid,
                    .ticket = ticket,
                    .until = now_ + 5 * timing().election_timeout,
                    .dry_run = command.dry_run};
    if (verdict == Removable::undecided) removal.undecided = now_ + timing().election_timeout;
    removals_.push_back(std::move(removal));
    lead->next_look = now_;
}

// M7: whether the others would keep a quorum that answers.
Removable Election::can_remove(const NodeUuid& uuid) const {
    return uuid == me() ? can_remove_self() : removable(lead_view(), uuid);
}

// From now on the acks of this node say `leaving`, until the leader has banned it. A leader hands
// over first.
void Election::leave(std::uint64_t ticket) {
    if (durable_.blank()) return refuse(ticket, Reason::not_a_voter);
    const auto* lead = leading();
    if (lead && lead->hand_over) return refuse(ticket, Reason::draining);
    const auto verdict = lead ? can_remove_self() : Removable::undecided;
    // A lead younger than E may not have acks of all voters yet: it waits.
    const bool young = lead && now_ - lead->won < timing().election_timeout;
    if (verdict == Removable::no && !young) return refuse(ticket, Reason::would_lose_quorum);
    if (!leave_) leave_ = Departure{};
    leave_->tickets.push_back(ticket);
    leave_->until = now_ + 5 * timing().election_timeout;
    if (lead && !young && verdict == Removable::undecided) {
        leave_->undecided = now_ + timing().election_timeout;
    }
    if (verdict != Removable::yes) return;
    if (!begin_hand_over({}, Reason::removed, best_successor())) {
        const auto dropped = std::exchange(leave_, std::nullopt);
        for (const auto each : dropped->tickets) refuse(each, Reason::not_eligible);
    }
}

// M7 for the leader itself, checked before it hands over: its successor would refuse to remove it.
// A standby that E1 promotes first counts, too; if no node could take over, E1 decides.
Removable Election::can_remove_self() const {
    if (best_successor()) return removable(lead_view(), me());
    return eligible_standby(lead_view()) ? removable(lead_view(), me(), 1) : Removable::yes;
}

// Leaving is over when a configuration bans this node. It is given up if the leader has not banned
// it in time, because the rest might lose its quorum (M7).
void Election::advance_leave() {
    if (!leave_) return;
    if (durable_.left) {
        const auto over = std::exchange(leave_, std::nullopt);
        end(over->tickets, std::nullopt);
        return;
    }
    const auto* lead = leading();
    const bool may_begin = lead && !lead->hand_over;
    const auto verdict = may_begin ? can_remove_self() : Removable::undecided;
    const bool decided =
        may_begin && leave_->undecided && (verdict == Removable::no || now_ >= *leave_->undecided);
    if (now_ >= leave_->until || (decided && verdict != Removable::yes)) {
        const auto over = std::exchange(leave_, std::nullopt);
        for (const auto each : over->tickets) refuse(each, Reason::would_lose_quorum);
    } else if (verdict == Removable::yes) {
        leave_->undecided.reset();
        begin_hand_over({}, Reason::removed, best_successor());
    }
}

// ---- 4.5: hand-over ----------------------------------------------------------------------------

std::optional<NodeUuid> Election::best_successor() const {
    return best_target(durable_.config, me(), leading()->roster, timing(), now_);
}

// False, and begins nothing, if no node can take over but the cause needs one (E1). A step-down
// goes on without a target.
bool Election::begin_hand_over(std::vector<std::uint64_t> tickets, Reason cause,
                               std::optional<NodeUuid> target) {
    HandOver hand_over;
    hand_over.tickets = std::move(tickets);
    hand_over.cause = cause;
    hand_over.target = std::move(target);
    hand_over.started = now_;
    if (!hand_over.target) {
        hand_over.promote = eligible_standby(lead_view());
        if (!hand_over.promote && cause == Reason::removed) return false;
    }
    leading()->hand_over = std::move(hand_over);
    advance_hand_over();
    return true;
}

// E1: a standby becomes a voter, in spite of M4, so that there is a target to hand over to. True
// while the hand-over must wait for that.
bool Election::promote_first(HandOver& hand_over) {
    if (!hand_over.promote) return false;
    if (now_ >= hand_over.started + timing().election_timeout) {
        hand_over.promote.reset();
        return false;
    }
    if (!may_change_voters()) return true;
    const Voter voter = *hand_over.promote;
    hand_over.promote.reset();
    hand_over.target = voter.uuid;
    hand_over.to_standby = true;
    hand_over.started = now_;
    install({durable_.config.with(voter, durable_.term), Reason::voter_joined, voter});
    return true;
}

// T1: enters each stage as soon as its condition holds.
void Election::advance_hand_over() {
    auto* lead = leading();
    if (!lead || !lead->hand_over) return;
    auto& hand_over = *lead->hand_over;
    if (!hand_over.draining) {
        if (promote_first(hand_over)) return;
        const auto* target = hand_over.target ? lead->roster.find(*hand_over.target) : nullptr;
        if (target && target->config != durable_.config.number &&
            now_ < hand_over.started + timing().election_timeout) {
            return;
        }
        hand_over.draining = true;
        hand_over.drained_at = now_;
        hand_over.hooks_done = !policy_.has_stop_hooks;
        out_.grants = Grants::close;
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
    if (!hand_over.target) return end(hand_over.tickets, std::nullopt);
    if (hand_over.to_standby) replaced_by_ = hand_over.target;
    if (release_) end(release_->tickets, std::nullopt);  // this node led again before it ended
    release_ = Release{.tickets = std::move(hand_over.tickets),
                       .cause = hand_over.cause,
                       .target = hand_over.target,
                       .term = durable_.term,
                       .to_standby = hand_over.to_standby,
                       .until = now_ + (hand_over.to_standby ? 2 : 1) * timing().election_timeout,
                       .next_send = now_};
}

// T2: repeats timeout-now to the target until a higher term is seen; then the commands end, with
// the leader of that term. A node replaced by a promoted standby also waits until it is no voter
// (E1).
void Election::advance_release() {
    const Instant heard = heard_heartbeat_.value_or(started_);
    if (replaced_by_ && !leading() && !release_ && now_ - heard > 2 * timing().election_timeout) {
        replaced_by_.reset();
    }
    if (!release_) return;
    const auto known = leader(now_);
    const bool led = known && known->token > release_->term;
    if ((led && !(release_->to_standby && durable_.config.has(me()))) || now_ >= release_->until) {
        const auto over = std::exchange(release_, std::nullopt);
        if (!known || known->uuid != *over->target) flapped(*over->target);  // M2
        end(over->tickets, known ? std::optional(known->id) : std::nullopt);
    } else if (durable_.term == release_->term && now_ >= release_->next_send) {
        send(*release_->target, release_->term, TimeoutNow{.cause = release_->cause});
        release_->next_send = now_ + timing().heartbeat;
    } else if (durable_.term != release_->term) {
        release_->next_send = kNever;
    }
}

void Election::end(const std::vector<std::uint64_t>& tickets, std::optional<NodeId> successor) {
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
