// A world and what happens in it, for people.
#include <cstdio>

#include "exploration/stage.h"

namespace electiond::exploration {
namespace {

std::string milliseconds(Duration length) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f ms", static_cast<double>(length.count()) / 1e6);
    return text;
}

std::string name(const NodeUuid& uuid) { return uuid.empty() ? "anyone" : uuid.value; }

std::string role(const Election& election) {
    if (const auto* campaign = std::get_if<Candidate>(&election.role())) {
        return campaign->in_place ? "candidate in place" : "candidate";
    }
    if (std::holds_alternative<PreCandidate>(election.role())) return "precandidate";
    if (std::holds_alternative<Following>(election.role())) return "follower";
    return election.draining() ? "leader, draining" : "leader";
}

std::string command(const CommandBody& wanted) {
    if (const auto* removal = std::get_if<Remove>(&wanted)) return "remove " + removal->node;
    return "step down for " + *std::get<StepDown>(wanted).to;
}

}  // namespace

std::string Stage::text(const World& world, const Action& action) const {
    const std::string node = uuid_of(action.node).value;
    switch (action.kind) {
        case Action::Kind::wait:
            return "time passes: " + milliseconds(Duration(*next_instant(world) - world.now));
        case Action::Kind::tick:
            return node + " does what is due";
        case Action::Kind::campaign:
            return node + "'s election timer fires";
        case Action::Kind::deliver:
            return post_[action.which].text();
        case Action::Kind::ask:
            return "a client asks " + node;
        case Action::Kind::crash:
            return node + " crashes " +
                   (action.which == kSaveLost ? "before its save is durable " : "") +
                   "and starts again";
        case Action::Kind::command:
            return node + " is told: " + command(wanted(action.which));
    }
    return "?";
}

std::string Stage::text(const World& world, NodeIndex node) const {
    const Election& election = actor(world, node).election;
    const Durable& durable = election.durable();
    const Instant now = local(world.now, node);
    std::string all =
        uuid_of(node).value + ": " + role(election) + " in term " + std::to_string(durable.term);
    if (!durable.voted_for.empty()) all += ", voted for " + durable.voted_for.value;
    if (const auto& led = election.followed()) all += ", leader " + led->uuid.value;
    if (const auto& promise = election.promise(); now < promise.until) {
        all += ", promised to " + name(promise.to) + " for " + milliseconds(promise.until - now);
    }
    if (const auto& lease = election.lease(); lease && now < lease->until) {
        all += ", lease of " + std::to_string(lease->term) + " for " +
               milliseconds(lease->until - now);
    }
    if (world.now < world.relied[node]) {
        all += ", clients rely on it for " + milliseconds(Duration(world.relied[node] - world.now));
    }
    all += ", config " + std::to_string(durable.config.number.term) + "." +
           std::to_string(durable.config.number.version) + " {";
    for (const auto& voter : durable.config.voters) all += voter.uuid.value;
    return all + "}";
}

}  // namespace electiond::exploration
