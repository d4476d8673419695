// The election, in the order in which a term lives: votes, heartbeats, campaigns.
#include "election/election.h"

#include <algorithm>
#include <utility>

#include <electiond/error.h>

#include "election/overloaded.h"

namespace electiond {

Election::Election(Policy policy, Durable durable, Random random, Instant now)
    : policy_(std::move(policy)),
      durable_(std::move(durable)),
      saved_(durable_),
      random_(random),
      now_(now),
      founding_(now),
      started_(now),
      next_hello_(now + random_.below(policy_.timing.hello)),
      next_claim_(now),
      published_config_(durable_.config) {
    ENSURE(!durable_.uuid.empty() && !durable_.node_id.empty());
    // The node no longer knows whom it promised what (§2).
    promise_ = {.to = {}, .until = now + durable_.promise};
    const auto place = static_cast<int>(durable_.config.place(me()));
    election_timer_ = promise_.until + place * kFoundersStep;  // R3
}

Effects Election::step(Instant now, const Input& input) {
    if (const auto* in = std::get_if<RequestReceived>(&input)) {
        return step(now, in->request, in->from_namesakes_address);
    }
    if (const auto* in = std::get_if<ReplyReceived>(&input)) {
        return step(now, in->reply, in->from_namesakes_address, in->hellos_open);
    }
    const auto before = begin_step(now);
    std::visit(overloaded{[](const Tick&) {}, [](const RequestReceived&) {},  // above
                          [](const ReplyReceived&) {},
                          [&](const NoReply& in) {
                              hellos_open_ = in.hellos_open;
                              if (in.vote_request) lost_a_vote(in.to);
                          },
                          [&](const PeersFound&) {
                              if (next_hello_ > now_) next_hello_ = now_;
                          },
                          [&](const AddressesChanged&) {
                              if (auto* lead = leading()) ++lead->view;
                          },
                          [&](const ClaimAnswered& in) { on_claim(in); },
                          [&](const GrantsClosed& in) {
                              auto* lead = leading();
                              if (lead && lead->hand_over && lead->hand_over->draining) {
                                  lead->hand_over->granted_until = in.until;
                              }
                          },
                          [&](const HooksDone&) {
                              auto* lead = leading();
                              if (lead && lead->hand_over) lead->hand_over->hooks_done = true;
                          },
                          [&](const HealthChanged& in) { healthy_ = in.healthy; },
                          [&](const PolicyChange& in) { take_policy(in); },
                          [&](const Command& in) { on_command(in); }},
               input);
    return end_step(before);
}

Effects Election::step(Instant now, const PeerRequest& request, bool from_namesakes_address) {
    const auto before = begin_step(now);
    from_namesakes_address_ = from_namesakes_address;
    on_request(request);
    return end_step(before);
}

Effects Election::step(Instant now, const PeerReply& reply, bool from_namesakes_address,
                       bool hellos_open) {
    const auto before = begin_step(now);
    from_namesakes_address_ = from_namesakes_address;
    hellos_open_ = hellos_open;
    on_reply(reply);
    return end_step(before);
}

Election::Office Election::begin_step(Instant now) {
    ENSURE(now >= now_);
    now_ = now;
    out_ = {};
    rename_due_ = rename_waits_ && now_ >= rename_due_at_;
    const bool held = holds_office();
    const bool granted = held && !draining();
    expire();  // I3
    return {held, granted};
}

Effects Election::end_step(Office before) {
    on_tick();
    if (before.held && !holds_office()) out_.grants = Grants::close;
    if (leading() && !draining() && !before.granted) out_.grants = Grants::open;
    save_what_changed();
    publish_changes();
    return std::exchange(out_, {});
}

// Ends what has expired: the lead (I3, L2), the promise, the cool-down.
void Election::expire() {
    if (cool_down_since_ && !cooling(now_)) cool_down_since_.reset();
    if (const auto* lead = leading()) {
        if (now_ >= lapse_of(*lead)) follow(Reason::lease_expired);
    } else if (leader_ && now_ >= promise_.until) {
        flapped(leader_->uuid);
        leader_.reset();
        cause_ = Reason::election_timeout;
    }
}

// L2: when the lead ends if no further ack arrives.
Instant Election::lapse_of(const Leading& lead) const {
    const bool leased = lease_ && lease_->term == durable_.term;
    return leased ? lease_->until : lead.won + timing().election_timeout;
}

// Does all that is due, in this order, after every input. A Tick brings nothing but the time.
void Election::on_tick() {
    if (auto* lead = leading()) {
        if (now_ >= lead->next_round) start_round();
        run_deferred_commands();
        advance_hand_over();
        change_voters();
        end_removals();
        give_way();
    } else if (now_ >= election_timer_) {
        on_election_timer();
    }
    advance_release();
    advance_leave();
    join_when_due();
    found_when_due();
    claim_when_due();
    say_hello_when_due();
}

Instant Election::deadline() const {
    Instant next = std::min(next_hello_, next_claim_);
    if (rename_waits_) next = std::min(next, rename_due_at_);
    if (const auto* lead = leading()) {
        next = std::min({next, lead->next_round, lapse_of(*lead)});
        if (const auto& hand_over = lead->hand_over) {
            if (!hand_over->draining) {
                next = std::min(next, hand_over->started + timing().election_timeout);
            } else if (hand_over->granted_until) {
                next = std::min(next, *hand_over->granted_until > now_
                                          ? *hand_over->granted_until
                                          : hand_over->drained_at + policy_.hooks_timeout);
            }
        }
    } else {
        next = std::min(next, election_timer_);
        if (leader_) next = std::min(next, promise_.until);
    }
    if (lease_ && lease_->until > now_) next = std::min(next, lease_->until);
    if (release_) next = std::min({next, release_->until, release_->next_send});
    if (leave_) next = std::min(next, leave_->until);
    if (joining_) next = std::min(next, joining_->until);
    return next;
}

void Election::on_request(const PeerRequest& request) {
    note_request(request);
    // A pre-vote asks for a term that nobody has entered yet.
    const bool ahead = std::holds_alternative<PreVote>(request.body) && request.term > 0;
    superseded(request.from, request.term - (ahead ? 1 : 0));
    if (const auto* hello = std::get_if<Hello>(&request.body)) return on_hello(request, *hello);
    const bool foreign = durable_.blank() || request.from.cluster_id != durable_.cluster_id;
    const Reason why = Reason::foreign_cluster;  // I1
    std::visit(overloaded{[&](const PreVote& body) {
                              foreign ? answer(PreVoteReply{}, why) : on_pre_vote(request, body);
                          },
                          [&](const VoteRequest& body) {
                              foreign ? answer(VoteReply{}, why) : on_vote_request(request, body);
                          },
                          [&](const Heartbeat& body) {
                              foreign ? answer(HeartbeatReply{.seq = body.seq}, why)
                                      : on_heartbeat(request, body);
                          },
                          [&](const TimeoutNow& body) {
                              foreign ? answer(TimeoutNowReply{}, why)
                                      : on_timeout_now(request, body);
                          },
                          [](const auto&) { ENSURE(!"hello and status have gone their own way"); }},
               request.body);
}

void Election::on_reply(const PeerReply& reply) {
    note_reply(reply);
    superseded(reply.from, reply.term);
    if (const auto* hello = std::get_if<HelloReply>(&reply.body)) {
        return on_hello_reply(reply, *hello);
    }
    if (durable_.blank() || reply.from.cluster_id != durable_.cluster_id) return;  // I1
    std::visit(overloaded{[&](const PreVoteReply& body) { on_pre_vote_reply(reply, body); },
                          [&](const VoteReply& body) { on_vote_reply(reply, body); },
                          [&](const HeartbeatReply& body) { on_heartbeat_reply(reply, body); },
                          [](const auto&) {}},
               reply.body);
}

// ---- 4.1: votes --------------------------------------------------------------------------------

// V1 to V3: why a (pre-)vote for `candidate` in `term` is refused; none if it is granted.
Reason Election::refusal(const NodeUuid& candidate, Term term, ConfigNumber config,
                         bool transfer) const {
    if (promise_.binds(now_, candidate) && !transfer) return Reason::promised;  // V1
    if (config < durable_.config.number) return Reason::old_config;             // V2
    if (term < durable_.term) return Reason::old_term;                          // V3
    if (term == durable_.term && !durable_.voted_for.empty() && durable_.voted_for != candidate) {
        return Reason::voted;
    }
    return Reason::none;
}

// Adds to a refusal who leads, and the configuration if the candidate has an older one.
void Election::explain(VoteReply& reply, ConfigNumber theirs) const {
    reply.hint = hint(now_);
    if (theirs < durable_.config.number) reply.config = durable_.config;
}

void Election::on_pre_vote(const PeerRequest& request, const PreVote& body) {
    const Reason why = refusal(request.from.uuid, request.term, body.config, false);
    PreVoteReply reply;
    reply.granted = why == Reason::none;
    if (!reply.granted) explain(reply, body.config);
    answer(std::move(reply), why);
}

void Election::on_vote_request(const PeerRequest& request, const VoteRequest& body) {
    last_campaign_ = {request.term, body.cause};
    const Reason why = refusal(request.from.uuid, request.term, body.config, body.transfer);
    VoteReply reply;
    reply.granted = why == Reason::none;
    if (!reply.granted) {
        explain(reply, body.config);
    } else if (request.term != durable_.term || durable_.voted_for != request.from.uuid) {  // V4
        follow(body.cause == Reason::none ? Reason::higher_term : body.cause);
        enter_term(request.term, request.from.uuid);
        set_random_timer();
    }
    answer(std::move(reply), why);
}

// ---- 4.2: heartbeats ---------------------------------------------------------------------------

void Election::on_heartbeat(const PeerRequest& request, const Heartbeat& body) {
    const NodeUuid& from = request.from.uuid;
    if (request.term < durable_.term || from == me()) {  // H1
        return answer(ack(body.seq, false), Reason::old_term);
    }
    // H2
    const bool known = leader_ && leader_->uuid == from && request.term == durable_.term;
    if (!known || !std::holds_alternative<Following>(role_)) {
        const bool same = published_leader_ && published_leader_->uuid == from;
        follow(same ? Reason::re_elected_in_place
               : last_campaign_.term == request.term && last_campaign_.cause != Reason::none
                   ? last_campaign_.cause
                   : silence_cause());
    }
    if (request.term > durable_.term) enter_term(request.term, {});
    leader_ = Followed{from, request.from.id};
    if (body.config && body.config->number > durable_.config.number) adopt(*body.config);
    const Milliseconds promise = body.promise.value_or(timing().election_timeout);
    durable_.promise = std::max(durable_.promise, promise);
    promise_.give(from, now_ + promise);
    heard_heartbeat_ = now_;
    if (body.members) note_members(*body.members);
    if (body.members && body.succession) {
        held_ = {durable_.term, body.view, *body.succession};
    }
    // R2
    const auto place = view_held() == 0 ? std::nullopt : place_of(held_.succession, me());
    election_timer_ = std::max(now_ + timing().election_timeout, promise_.until) +
                      (place ? Duration(static_cast<Duration::rep>(*place) * held_.succession.step)
                             : random_.below(timing().election_spread));
    next_hello_ = std::max(next_hello_, now_ + timing().election_timeout);  // none before that
    answer(ack(body.seq, true));
}

HeartbeatReply Election::ack(std::uint64_t seq, bool accepted) const {
    return {.accepted = accepted,
            .seq = seq,
            .config = durable_.config.number,
            .view = view_held(),
            .eligible = eligible(),
            .priority = policy_.priority,
            .wants_vote = wants_vote(),
            .leaving = leaving(),
            .cooling = cooling(now_)};
}

std::uint64_t Election::view_held() const { return held_.term == durable_.term ? held_.view : 0; }

// ---- 4.3: campaigns ----------------------------------------------------------------------------

bool Election::wants_vote() const {
    const bool replaced = replaced_by_ && leader_ && leader_->uuid == *replaced_by_;
    return !policy_.observer && !durable_.left && !replaced;
}

bool Election::eligible() const {
    return policy_.priority > 0 && wants_vote() && healthy_ && !stopping_ && !leaving();
}

bool Election::may_campaign() const {
    return !durable_.blank() && durable_.config.has(me()) && eligible() && !cooling(now_) &&
           durable_.term < kNumberMax;
}

// Why there is a campaign or a new leader, if no message gave a reason: no leader is known any
// more, or none ever was.
Reason Election::silence_cause() const {
    return published_last_leader_.empty() ? Reason::startup : Reason::election_timeout;
}

// C1
void Election::on_election_timer() {
    watch_outage();
    set_random_timer();
    lease_.reset();
    if (!std::holds_alternative<Following>(role_)) follow(Reason::election_timeout);
    if (!may_campaign()) return;
    if (promise_.binds(now_, me())) {  // V1 holds for the pre-vote for itself, too
        election_timer_ = promise_.until + random_.below(timing().election_spread);
        return;
    }
    PreCandidate campaign;
    campaign.tally.count(durable_.config, me());
    const bool won = campaign.tally.won(durable_.config);
    role_ = std::move(campaign);
    election_timer_ = now_ + short_retry();
    ask_for_votes();
    if (won) become_candidate(false, false, silence_cause());
}

void Election::on_pre_vote_reply(const PeerReply& reply, const PreVoteReply& body) {
    auto* campaign = std::get_if<PreCandidate>(&role_);
    if (!campaign || reply.request_term != durable_.term + 1 ||
        !durable_.config.has(reply.from.uuid)) {
        return;  // I2
    }
    take_hint(body.hint);
    const bool overtook = overtaken(reply.term);
    if (take_newer(body.config) || overtook || !body.granted) return;
    campaign->tally.count(durable_.config, reply.from.uuid);
    if (campaign->tally.won(durable_.config))
        become_candidate(false, false, silence_cause());  // C2
}

// C2, T3, and C4's re-election in place.
void Election::become_candidate(bool transfer, bool in_place, Reason cause) {
    enter_term(durable_.term + 1, me());
    cause_ = cause;
    if (!in_place) lease_.reset();
    if (auto* lead = leading(); lead && lead->hand_over) {  // T1: any change of term ends it
        const auto tickets = std::move(lead->hand_over->tickets);
        if (stopping_) {  // it begins again when the election is over
            for (const auto ticket : tickets) deferred_commands_.push_back({ticket, Stop{}});
        } else {
            end(tickets, std::nullopt);
        }
    }
    Candidate campaign{.transfer = transfer, .in_place = in_place, .cause = cause};
    campaign.tally.count(durable_.config, me());
    const bool won = campaign.tally.won(durable_.config);
    role_ = std::move(campaign);
    set_random_timer();
    if (won) return become_leader(cause);
    ask_for_votes();
}

void Election::ask_for_votes() {
    troubles_.heard.asked(now_);
    for (const auto& voter : durable_.config.voters) {
        if (voter.uuid == me()) continue;
        if (const auto* campaign = std::get_if<Candidate>(&role_)) {
            send(voter.uuid, durable_.term,
                 VoteRequest{.config = durable_.config.number,
                             .transfer = campaign->transfer,
                             .cause = campaign->cause});
        } else {
            send(voter.uuid, durable_.term + 1, PreVote{.config = durable_.config.number});
        }
    }
}

void Election::on_vote_reply(const PeerReply& reply, const VoteReply& body) {
    auto* campaign = std::get_if<Candidate>(&role_);
    if (!campaign || reply.request_term != durable_.term || !durable_.config.has(reply.from.uuid)) {
        return;  // I2
    }
    const bool overtook = overtaken(reply.term);
    if (take_newer(body.config) || overtook) return;
    if (!body.granted) return lost_a_vote(reply.from.uuid);
    campaign->tally.count(durable_.config, reply.from.uuid);
    if (campaign->tally.won(durable_.config)) become_leader(campaign->cause);  // C3
}

// A vote was refused, or its request got no response. A campaign that cannot be won any more is
// repeated soon: after a split vote no other candidate may have won either.
void Election::lost_a_vote(const NodeUuid& voter) {
    auto* campaign = std::get_if<Candidate>(&role_);
    if (!campaign || campaign->tally.has(voter) || campaign->tally.lost(durable_.config)) return;
    campaign->tally.refuse(durable_.config, voter);
    if (!campaign->tally.lost(durable_.config)) return;
    election_timer_ = std::min(election_timer_, now_ + short_retry());
}

// §7: the delay after a campaign that got no quorum.
Duration Election::short_retry() {
    return timing().election_timeout / 4 + random_.below(timing().election_spread);
}

// C4: a response may show a higher term. True if it does.
bool Election::overtaken(Term theirs) {
    if (theirs <= durable_.term) return false;
    if (leads(now_) && theirs < kNumberMax) {
        durable_.term = theirs;
        become_candidate(false, true, Reason::re_elected_in_place);
    } else {
        follow(Reason::higher_term);
        enter_term(theirs, {});
    }
    return true;
}

// C5: a response may show a newer configuration. True if it was adopted, which ends the campaign:
// the configuration must not change during a campaign.
bool Election::take_newer(const std::optional<Electorate>& config) {
    if (!config || config->number <= durable_.config.number || leading()) return false;
    adopt(*config);
    follow(Reason::higher_term);
    return true;
}

// Takes a newer configuration. If it bans this node, the node has left the cluster; if it lists
// this node as a voter, the node has not (§6.4).
void Election::adopt(const Electorate& config) {
    durable_.config = config;
    if (config.bans(me())) durable_.left = true;
    if (config.has(me())) durable_.left = false;
    if (!config.has(me())) replaced_by_.reset();
}

// ---- changes of term and role, in one place each -----------------------------------------------

void Election::enter_term(Term term, const NodeUuid& vote) {
    ENSURE(term >= durable_.term);
    durable_.term = term;
    durable_.voted_for = vote;
    leader_.reset();
}

// Becomes a follower that knows no leader and has no lease. If it led, this restarts the timer and
// ends a hand-over.
void Election::follow(Reason cause) {
    cause_ = cause;
    lease_.reset();
    leader_.reset();
    if (auto* lead = leading()) {
        auto hand_over = std::move(lead->hand_over);
        role_ = Following{};
        set_random_timer();
        next_hello_ = std::min<Instant>(next_hello_, now_ + timing().hello);
        if (hand_over) end(hand_over->tickets, std::nullopt);
    }
    role_ = Following{};
    for (const auto& removal : std::exchange(removals_, {})) {
        refuse(removal.ticket, Reason::not_leader);
    }
    for (const auto& command : std::exchange(deferred_commands_, {})) on_command(command);
}

void Election::set_random_timer() {
    election_timer_ = now_ + timing().election_timeout + random_.below(timing().election_spread);
    if (cooling(now_)) {
        election_timer_ = std::max(election_timer_, quiet_since() + 2 * timing().election_timeout);
    }
}

}  // namespace electiond
