// The part of Election that decides what of the record is saved when, and what need not wait for it
// (§4.6).
#include <algorithm>
#include <utility>

#include "election/election.h"

namespace electiond {

// D1b: a configuration that only has a later name is saved soon after, in a step of its own: nobody
// waits for that, and what this node says of its own record is said of the saved one. Half a
// heartbeat later the election is over, and the next round has not begun.
void Election::save_what_changed() {
    const bool changed = durable_ != saved_;
    const bool waited =
        std::exchange(rename_waits_, changed && !rename_due_ && only_renamed(saved_, durable_));
    if (rename_waits_ && !waited) rename_due_at_ = now_ + Duration(timing().heartbeat) / 2;
    if (rename_waits_ && out_.reply) {
        if (auto* ack = std::get_if<HeartbeatReply>(&out_.reply->body)) {
            ack->config = saved_.config.number;
        }
    }
    if (rename_waits_ || !changed) return;
    out_.send_before_save = asks_for_votes_first();
    out_.save = saved_ = durable_;
}

// D1a: a new candidate asks while it saves its own vote, which counts only afterwards: with the
// first answer, in a later step.
bool Election::asks_for_votes_first() const {
    const auto* campaign = std::get_if<Candidate>(&role_);
    return campaign && !campaign->in_place && out_.grants == Grants::unchanged &&
           durable_.term > saved_.term && durable_.voted_for == me() &&
           std::ranges::all_of(out_.send, [](const Outgoing& outgoing) {
               return std::holds_alternative<VoteRequest>(outgoing.body);
           });
}

// D1b: what is not saved yet, and is not saved by this step, is not held.
bool Election::holds_config() const {
    return rename_due_ || durable_.config.number == saved_.config.number ||
           !only_renamed(saved_, durable_);
}

}  // namespace electiond
