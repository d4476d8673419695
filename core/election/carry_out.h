// What comes out of a step, carried out in the one order that is safe.
#pragma once

#include <optional>
#include <utility>

#include "election/election.h"

namespace electiond {

// Used by Node and by the exploration alike, so that what is explored is the order that runs. The
// order is the safety: nothing leaves before it is durable (D1), and a lead that is lost or drains
// is known to be so here before anyone else can hear of it (§11, trace 6). `body` has:
//
//   void save(const Durable&)              durable on return
//   Instant close_grants()                 no grant is given from then on; shows it; when they end
//   void reply(Reply)                      to the request that was stepped
//   void send(const Outgoing&)
//   void tell(Effects&)                    the changes and the members: journal, log, board
//   void open_grants()
//   void done(const Done&)
//   void claim(const Claim&)
//   void settle()                          after save(): brings the twin slot up to date
//
// Returns what is to be stepped next, if the grant book was closed. It is stepped last, after the
// draining board is out: a hand-over is the one place where another may lead before our lease has
// run out.
template <class Body>
[[nodiscard]] std::optional<GrantsClosed> carry_out(Effects effects, Body& body) {
    if (effects.save) body.save(*effects.save);
    std::optional<GrantsClosed> closed;
    if (effects.grants == Grants::close) closed = GrantsClosed{body.close_grants()};
    if (effects.reply) body.reply(std::move(*effects.reply));
    for (const auto& outgoing : effects.send) body.send(outgoing);
    body.tell(effects);
    if (effects.grants == Grants::open) body.open_grants();
    for (const auto& done : effects.done) body.done(done);
    if (effects.claim) body.claim(*effects.claim);
    if (effects.save) body.settle();
    return closed;
}

}  // namespace electiond
