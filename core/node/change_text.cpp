// A change as a line of the log.
#include "node/change_text.h"

#include "election/overloaded.h"

namespace electiond {
namespace {

LogFields fields(LogFields first, Term term, Reason reason) {
    first.emplace_back("term", term);
    if (reason != Reason::none) first.emplace_back("reason", to_string(reason));
    return first;
}

}  // namespace

void log_change(const Log& log, const Change& change) {
    std::visit(
        overloaded{[&](const LeaderGained& gain) {
                       const auto& id = gain.leader.id.value;
                       log.info("node " + id + " leads",
                                fields({{"leader", id}}, gain.leader.token, gain.reason));
                   },
                   [&](const LeaderLost& loss) {
                       log.info(
                           "no leader is known any more",
                           fields({{"previous", loss.leader.id.value}}, loss.term, loss.reason));
                   },
                   [&](const StateChanged& own) {
                       log.info("this node is now " + std::string(to_string(own.state)),
                                fields({}, own.term, own.reason));
                   },
                   [&](const VotersChanged& moved) {
                       log.info("voters changed: node " + moved.voter.id.value,
                                fields({{"uuid", moved.voter.uuid.value}, {"voters", moved.voters}},
                                       moved.config.term, moved.reason));
                   },
                   [&](const PeerNoted& peer) {
                       log.info("node " + peer.id.value + " joined",
                                fields({{"uuid", peer.uuid.value}}, peer.term, Reason::startup));
                   },
                   [&](const Report& report) {
                       log.warning(report.detail, fields({}, report.term, report.reason));
                   }},
        change);
}

}  // namespace electiond
