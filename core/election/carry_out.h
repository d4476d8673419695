// Carries out the effects of a step, in the one order that is safe.
#pragma once

#include <optional>
#include <utility>

#include "election/election.h"

namespace electiond {

// Node and the exploration both call this, so the exploration checks the order that runs. Safety
// depends on the order: nothing is sent before what it depends on is durable (D1), and this node
// shows that its lead is lost or draining before any other node can learn of it (§11, trace 6).
// `body` has:
//
//   void save(const Durable&)       the record is durable when it returns
//   Instant close_grants()          ends new grants, shows that on the board, and returns when the
//                                   last grant ends
//   void reply(Reply)               sends the response to the request of this step
//   void send(Outgoing)
//   void publish(Effects&)          changes and members: to journal, log and board
//   void open_grants()
//   void done(const Done&)
//   void claim(const Claim&)
//   void twin_is_due()              after save(): the twin slot is to be written, but nobody waits
//                                   for that
//
// If the grant book was closed, returns the input that the caller must step next. That comes last,
// after the board shows the draining: only in a hand-over may another node lead before our lease
// has run out.
template <class Body>
[[nodiscard]] std::optional<GrantsClosed> carry_out(Effects&& effects, Body& body) {
    const auto send = [&] {
        for (auto& outgoing : effects.send) body.send(std::move(outgoing));
    };
    if (effects.send_before_save) send();
    if (effects.save) body.save(*effects.save);
    std::optional<GrantsClosed> closed;
    if (effects.grants == Grants::close) closed = GrantsClosed{body.close_grants()};
    if (effects.reply) body.reply(std::move(*effects.reply));
    if (!effects.send_before_save) send();
    body.publish(effects);
    if (effects.grants == Grants::open) body.open_grants();
    for (const auto& done : effects.done) body.done(done);
    if (effects.claim) body.claim(*effects.claim);
    if (effects.save) body.twin_is_due();
    return closed;
}

}  // namespace electiond
