// Decides which events a watcher of leadership gets, and when: pure, no clock, socket or thread.
#include "electionctl/lead_watch.h"

#include <algorithm>
#include <utility>

namespace electiond::ctl {

void LeadWatch::hear(Lead lead) {
    // A lease never becomes shorter while its token stays the same: an answer that took longer
    // changes nothing.
    const bool same = scope_ == Scope::node && heard_ && heard_->own && lead.own &&
                      heard_->token == lead.token && heard_->leader == lead.leader;
    if (same) lead.until = std::max(lead.until, heard_->until);
    heard_ = std::move(lead);
}

LeadChange LeadWatch::at(Instant now) const {
    LeadChange change{.lead = *heard_};
    if (reported_) change.previous = reported_->lead.leader;
    change.unreachable = !heard_->leader.empty() && now >= heard_->until;
    if (change.unreachable) {
        change.lead.leader.clear();
        change.lead.own = false;
        change.lead.token = 0;
    }
    if (!change.lead.leader.empty()) {
        change.event = change.lead.own ? Event::leader : Event::follower;
    }
    return change;
}

bool LeadWatch::already_reported(const LeadChange& change) const {
    if (!reported_) return false;
    const Lead& now = change.lead;
    const Lead& before = reported_->lead;
    if (now.leader != before.leader) return false;
    if (scope_ == Scope::cluster) return now.leader.empty() || now.term == before.term;
    if (change.event != reported_->event) return false;
    switch (change.event) {
        case Event::leader:
            return now.token == before.token;  // the term may increase during a lead
        case Event::follower:
            return now.term == before.term;
        case Event::no_leader:
            break;
    }
    return true;
}

std::optional<LeadChange> LeadWatch::next(Instant now) {
    if (!heard_) return std::nullopt;
    LeadChange change = at(now);
    const bool between = change.event == Event::no_leader && !change.unreachable && reported_ &&
                         reported_->event == Event::follower;
    if (!between) {
        no_leader_since_.reset();
    } else if (now < no_leader_since_.emplace(no_leader_since_.value_or(now)) + kBetweenLeaders) {
        return std::nullopt;
    }
    if (already_reported(change)) return std::nullopt;
    reported_ = change;
    return change;
}

Instant LeadWatch::deadline() const {
    if (no_leader_since_) return *no_leader_since_ + kBetweenLeaders;
    const bool lead_reported = reported_ && !reported_->lead.leader.empty();
    return heard_ && lead_reported && !heard_->leader.empty() ? heard_->until : kNever;
}

bool LeadWatch::lead_lost(Instant now) const {
    return reported_ && reported_->event == Event::leader && at(now).event != Event::leader;
}

Instant LeadWatch::lead_ends() const {
    const bool leads = reported_ && reported_->event == Event::leader && heard_->own;
    return leads ? heard_->until : kNever;
}

}  // namespace electiond::ctl
