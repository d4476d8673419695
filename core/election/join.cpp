// The part of Election that needs no term: hello, founding, joining, claims (§6).
#include <algorithm>
#include <utility>

#include <electiond/error.h>

#include "election/election.h"

namespace electiond {
namespace {

constexpr std::size_t kObserversMax = 1024;

}  // namespace

Hello Election::own_hello() const {
    return {.blank = durable_.blank(),
            .founding_set = durable_.founding_set,
            .wants_vote = wants_vote(),
            .priority = policy_.priority,
            .config = durable_.config.number};
}

// B6; a blank node also learns from hellos that it receives.
void Election::on_hello(const PeerRequest& request, const Hello& body) {
    const auto& from = request.from;
    const bool same = !durable_.blank() && from.cluster_id == durable_.cluster_id;
    Reason refused = Reason::none;
    if (from.cluster_name != durable_.cluster_name) {
        refused = Reason::foreign_cluster;
    } else if (from.uuid == me()) {
        // our own hello, sent to an address that discovery listed without a uuid
    } else if (durable_.blank()) {
        founding_.heard(now_, from, body);
    } else if (!same && !body.blank) {
        refused = Reason::foreign_cluster;
    } else if (leading()) {
        admit(from, refused);
    }
    HelloReply reply{.self = own_hello(), .hint = std::nullopt, .config = std::nullopt};
    if (from.cluster_name == durable_.cluster_name) reply.hint = hint(now_);
    if (same && body.config < durable_.config.number) reply.config = durable_.config;
    answer(std::move(reply), refused);
}

// The leader adds the node as an observer, unless it must be refused.
void Election::admit(const Sender& from, Reason& refused) {
    auto& lead = *leading();
    const auto* holder = durable_.config.find(from.id);
    const bool namesake = holder && !durable_.config.has(from.uuid);
    if (durable_.config.bans(from.uuid)) {
        refused = Reason::banned;
    } else if (namesake && !lost(lead_view(), *holder, from_namesakes_address_)) {  // M5
        refused = Reason::id_in_use;
        report(Reason::id_in_use,
               "node " + from.id.value + " exists already as a voter with uuid " +
                   holder->uuid.value + "; the node with uuid " + from.uuid.value +
                   " is not admitted",
               from.id, troubles_.not_admitted, from.uuid.value);
    } else if (from.uuid != me() && lead.roster.all().size() < kObserversMax &&
               lead.roster.note(from.id, from.uuid, now_)) {
        lead.roster.set_moved_in(from.uuid, from_namesakes_address_);
        lead.next_look = now_;
        out_.changes.emplace_back(PeerNoted{from.id, from.uuid, durable_.term});
        start_round();
    }
    if (refused == Reason::none) troubles_.not_admitted.end(Reason::id_in_use, from.uuid.value);
}

void Election::on_hello_reply(const PeerReply& reply, const HelloReply& body) {
    const auto& from = reply.from;
    if (from.cluster_name != durable_.cluster_name || from.uuid == me()) return;
    if (!durable_.blank()) {
        if (from.cluster_id != durable_.cluster_id) return;  // I1
        take_hint(body.hint);
        overtaken(reply.term);
        take_newer(body.config);
        if (reply.reason == Reason::id_in_use) return refused_by(from, reply.reason);
    } else {
        founding_.heard(now_, from, body.self);
        if (reply.reason != Reason::none) return refused_by(from, reply.reason);
        if (body.self.blank) return;
        if (body.hint && body.hint->uuid == from.uuid) {
            troubles_.not_joined.end(Reason::id_in_use, from.cluster_id);
            if (!joining_) joining_ = Joining{.until = now_ + timing().request_timeout};
            joining_->leader = from;
            return;
        }
    }
    const bool deaf = !leading() && (!leader_ || durable_.blank());
    if (deaf && body.hint && body.hint->uuid != from.uuid && body.hint->uuid != me()) {
        send(body.hint->uuid, durable_.term, own_hello());
    }
}

// A leader does not admit this node.
void Election::refused_by(const Sender& leader, Reason reason) {
    const auto begin = "node " + leader.id.value + " does not admit this node; ";
    if (reason != Reason::id_in_use) {
        return report(reason, begin + std::string(to_string(reason)), leader.id);
    }
    report(reason,
           begin + "another node has the id " + durable_.node_id.value +
               ": if that was this node before it lost its data, wait; else give this node "
               "another node.id",
           leader.id, troubles_.not_joined, leader.cluster_id);
}

// B6: after a leader has responded, a blank node waits for its other hellos: those addresses may
// belong to another cluster of this name.
void Election::join_when_due() {
    if (!joining_) return;
    if (durable_.blank() && hellos_open_ && now_ < joining_->until) return;
    const auto joining = *std::exchange(joining_, std::nullopt);
    if (durable_.blank()) join(joining.leader);
}

// B6: a blank node joins the cluster of a leader that has responded itself.
void Election::join(const Sender& leader) {
    if (const auto rivals = founding_.rivals(now_, 10 * timing().hello); !rivals.empty()) {
        return report(Reason::two_clusters,
                      "two clusters named " + durable_.cluster_name + " answer, " + rivals +
                          "; this node joins neither: give one of them a different "
                          "cluster.name, or correct the addresses that discovery lists",
                      {}, troubles_.not_joined, "");
    }
    troubles_.not_joined.end(Reason::two_clusters, "");
    if (!durable_.founding_set.empty() &&
        leader.cluster_id != founding_hash(durable_.cluster_name, durable_.founding_set)) {
        report(Reason::founding_sets_differ,
               "this node has promised to found a cluster, but cluster " + leader.cluster_id +
                   " leads: empty this node's data directory to let it join");
        return;
    }
    durable_.supersedes = leader.supersedes;
    if (!durable_.founding_set.empty())
        return found(leader.cluster_id, durable_.founding_set);  // B5
    durable_.cluster_id = leader.cluster_id;
    troubles_.not_joined.clear();
    next_claim_ = kNever;
}

// B7: the sender's cluster has replaced this node's cluster, or the one that it was to found.
void Election::superseded(const Sender& from, Term theirs) {
    if (from.supersedes.empty() || from.cluster_id.empty() ||
        from.cluster_id == durable_.cluster_id || from.cluster_name != durable_.cluster_name) {
        return;
    }
    const auto ended = durable_.blank() && !durable_.founding_set.empty()
                           ? founding_hash(durable_.cluster_name, durable_.founding_set)
                           : durable_.cluster_id;
    if (ended.empty() || std::ranges::find(from.supersedes, ended) == from.supersedes.end()) {
        return;
    }
    follow(Reason::recovered);
    enter_term(std::max(durable_.term, theirs), {});
    durable_.cluster_id = from.cluster_id;
    durable_.supersedes = from.supersedes;
    durable_.config = {};
    durable_.founding_set.clear();
    release_.reset();
    next_hello_ = now_;
}

// A node that does not lead says hello while it is blank, or when it has heard no heartbeat for E.
// A leader says hello to addresses from which it gets no acks.
void Election::say_hello_when_due() {
    if (now_ < next_hello_) return;
    const Duration timeout = timing().election_timeout;
    if (const auto* lead = leading()) {
        next_hello_ = now_ + 5 * timeout;
        Everyone silent{.except = {me()}};
        for (const auto& [uuid, follower] : lead->roster.all()) {
            if (lead->roster.fresh(uuid, now_, timeout)) silent.except.push_back(uuid);
        }
        out_.send.push_back({.to = std::move(silent), .term = durable_.term, .body = own_hello()});
        return;
    }
    const Instant heard = heard_heartbeat_.value_or(started_);
    if (!durable_.blank() && heard_heartbeat_ && now_ < heard + timeout) {
        next_hello_ = heard + timeout;
        return;
    }
    if (durable_.left) {
        next_hello_ = kNever;
        return;
    }
    const bool may_found = durable_.blank() && policy_.bootstrap != Bootstrap::join;
    const bool seldom = !may_found && now_ - heard >= 10 * timeout;
    next_hello_ = now_ + (seldom ? Duration(5 * timeout) : Duration(timing().hello));
    out_.send.push_back(
        {.to = Everyone{.except = {me()}}, .term = durable_.term, .body = own_hello()});
    troubles_.heard.asked(now_);
    watch_founders();
}

// ---- 6.1 and 6.2: founding ---------------------------------------------------------------------

// B5: founds if all founders have sent the set, or a member of the cluster of this set has
// responded.
void Election::found_when_due() {
    if (!durable_.blank() || policy_.bootstrap != Bootstrap::all) return;
    promise_set_when_due();
    if (durable_.founding_set.empty()) return;
    const auto& set = durable_.founding_set;
    const auto cluster_id = founding_hash(durable_.cluster_name, set);
    if (founding_.unanimous(set, me()) || founding_.knows(cluster_id)) {
        found(cluster_id, set);
    } else if (const auto other = founding_.disagrees(set)) {
        report(Reason::founding_sets_differ,
               "node " + other->value +
                   " has promised another founding set; nothing is founded yet: set the same "
                   "cluster.voters on all nodes, and empty the data directories",
               *other);
    }
}

// B4: at most once for each uuid.
void Election::promise_set_when_due() {
    if (!durable_.founding_set.empty() || !wants_vote()) return;
    auto set = founding_.set_due(now_, self(), policy_, 2 * timing().hello);
    if (!set) return;
    durable_.founding_set = std::move(*set);
    next_hello_ = now_;  // the others wait for it
}

void Election::found(const std::string& cluster_id, std::vector<Voter> voters) {
    durable_.cluster_id = cluster_id;
    durable_.config = {.number = {0, 1}, .voters = std::move(voters), .banned = {}};
    const auto place = static_cast<int>(durable_.config.place(me()));
    election_timer_ = now_ + place * kFoundersStep;  // R3
    next_claim_ = kNever;
}

// B1: a blank node that gets no response asks the arbiter; a leader renews its claim there.
void Election::claim_when_due() {
    if (policy_.bootstrap != Bootstrap::claim || (!durable_.blank() && !leading()) ||
        claim_pending_) {
        next_claim_ = kNever;
        return;
    }
    const Duration timeout = timing().election_timeout;
    if (next_claim_ == kNever) next_claim_ = now_;
    if (leading()) {
        if (now_ < next_claim_) return;
        out_.claim = Claim{durable_.cluster_id, me()};
        claim_pending_ = true;
        return;
    }
    const Instant silent_since = founding_.last_member_answer();
    if (claimed_by_ && now_ - silent_since >= timing().dead_after) {
        report(Reason::claim_orphaned,
               "the arbiter's claim names the node with uuid " + claimed_by_->value +
                   ", which does not answer; start that node, or run electiond recover --claim "
                   "here if it is lost for good");
    }
    next_claim_ = std::max(next_claim_, silent_since + timeout);
    if (!eligible()) next_claim_ = now_ + timeout;
    if (now_ < next_claim_) return;
    out_.claim = Claim{random_.identity(), me()};
    claim_pending_ = true;
}

void Election::on_claim(const ClaimAnswered& answered) {
    claim_pending_ = false;
    const Duration timeout = timing().election_timeout;
    if (leading()) {
        next_claim_ = now_ + 10 * timeout;
        if (answered.stored && answered.stored->cluster_id != durable_.cluster_id) {
            report(Reason::claim_conflict,
                   "the arbiter's claim names cluster " + answered.stored->cluster_id +
                       ", but this node leads cluster " + durable_.cluster_id);
        }
        return;
    }
    next_claim_ = now_ + timeout;
    if (!durable_.blank() || !answered.stored) return;
    if (answered.stored->uuid != me()) {
        claimed_by_ = answered.stored->uuid;
    } else if (founding_.alone(now_, timeout)) {
        found(answered.stored->cluster_id, {self()});
    }
}

}  // namespace electiond
