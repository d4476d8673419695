// What must hold in every world and at every step.
#include "exploration/invariants.h"

#include <algorithm>

#include "support/overlooked_voters.h"
#include "support/quorums.h"

namespace electiond::exploration {
namespace {

std::string named(NodeIndex node) { return "node " + uuid_of(node).value; }

std::string two_leaders_of_a_term(const Stage& stage, World& world) {
    for (NodeIndex node = 0; node < kNodes; ++node) {
        const Actor& actor = stage.actor(world, node);
        if (!actor.leading) continue;
        NodeIndex& first = world.led[actor.election.term()];
        if (first != kNobody && first != node) {
            return "two leaders of term " + std::to_string(actor.election.term()) + ": " +
                   named(first) + " and " + named(node);
        }
        first = node;
    }
    return "";
}

// No two visible leaders, no leader beside another's grant, tokens only rise (G1, G2).
std::string two_at_once(const Stage& stage, World& world) {
    for (NodeIndex node = 0; node < kNodes; ++node) {
        const Actor& actor = stage.actor(world, node);
        if (stage.local(world.now, node) >= actor.leads_until) continue;
        for (NodeIndex other = 0; other < kNodes; ++other) {
            if (other == node) continue;
            if (stage.local(world.now, other) < stage.actor(world, other).leads_until) {
                return named(node) + " and " + named(other) + " lead at once";
            }
            if (world.now < world.relied[other]) {
                return named(node) + " leads while a client relies on " + named(other);
            }
        }
        if (actor.token < world.token_highest) {
            return "the fencing token falls: " + named(node) + " leads with " +
                   std::to_string(actor.token) + " after " + std::to_string(world.token_highest);
        }
        world.token_highest = actor.token;
    }
    return "";
}

// Of any two configurations by which somebody could be elected now, every two quorums meet.
std::string quorums_apart(const Stage& stage, const World& world) {
    const auto disk = [&](NodeIndex node) -> const Durable& {
        return stage.actor(world, node).disk;
    };
    const auto electable = [&](const Electorate& config) {
        std::size_t grants = 0;
        for (NodeIndex node = 0; node < kNodes; ++node) {
            grants += config.has(uuid_of(node)) && disk(node).config.number <= config.number;
        }
        return grants >= config.quorum();
    };
    for (NodeIndex one = 0; one < kNodes; ++one) {
        for (NodeIndex other = 0; other < one; ++other) {
            const auto& a = disk(one).config;
            const auto& b = disk(other).config;
            if (a.voters == b.voters || !electable(a) || !electable(b) || !may_part(a, b)) continue;
            return "two configurations whose quorums need not meet: of " + named(one) + " and " +
                   named(other);
        }
    }
    return "";
}

std::string goes_back(const Durable& before, const Durable& after) {
    if (after.term < before.term) return "its term falls";
    if (after.term == before.term && !before.voted_for.empty() &&
        after.voted_for != before.voted_for) {
        return "it votes a second time in one term";
    }
    if (after.promise < before.promise) return "its longest promise falls";
    if (after.config.number < before.config.number) return "its configuration falls";
    return "";
}

std::string unsaved_reply(const Durable& disk, const PeerRequest& request, const Reply& reply) {
    if (reply.term > disk.term) return "a term";
    if (const auto* vote = std::get_if<VoteReply>(&reply.body); vote && vote->granted) {
        if (disk.term != request.term || disk.voted_for != request.from.uuid) return "a vote";
    }
    if (const auto* ack = std::get_if<HeartbeatReply>(&reply.body); ack && ack->accepted) {
        if (disk.term != request.term) return "the term that it follows";
        if (ack->config != disk.config.number) return "a configuration";
        if (std::get<Heartbeat>(request.body).promise > disk.promise) return "a promise";
    }
    return "";
}

std::string unsaved_request(const Durable& disk, const Outgoing& outgoing) {
    if (const auto* vote = std::get_if<VoteRequest>(&outgoing.body)) {
        if (outgoing.term != disk.term || disk.voted_for != disk.uuid) return "its own vote";
        if (vote->config != disk.config.number) return "its configuration";
    }
    if (const auto* heartbeat = std::get_if<Heartbeat>(&outgoing.body)) {
        if (outgoing.term != disk.term) return "the term that it leads";
        ConfigNumber held = disk.config.number;
        held.term = outgoing.term;  // the name that C3 gives it may be unsaved (D1b)
        if (heartbeat->number > held) return "its configuration";
        if (heartbeat->promise > disk.promise) return "its own promise";
    }
    return "";
}

}  // namespace

std::string broken_promise(const Stage& stage, World& world) {
    if (auto broken = two_leaders_of_a_term(stage, world); !broken.empty()) return broken;
    if (auto broken = two_at_once(stage, world); !broken.empty()) return broken;
    return quorums_apart(stage, world);
}

std::string broken_step(const Election& after, const Durable& before, const Effects& effects,
                        const Input& input, Instant now) {
    const NodeIndex node = index_of(before.uuid);
    if (const auto back = goes_back(before, after.durable()); !back.empty()) {
        return named(node) + " does what must never be: " + back;
    }
    const Durable& disk = effects.save ? *effects.save : before;
    // D1b: but for the name of its configuration
    Durable known = after.durable();
    if (known.config.number > disk.config.number)
        known.config.number.term = disk.config.number.term;
    if (disk != known) return named(node) + " does not save what it knows";
    if (effects.send_before_save && (!std::holds_alternative<Candidate>(after.role()) ||
                                     !std::ranges::all_of(effects.send, [](const auto& outgoing) {
                                         return std::holds_alternative<VoteRequest>(outgoing.body);
                                     }))) {
        return named(node) + " sends more than D1a allows before it has saved";
    }
    const auto* request = std::get_if<RequestReceived>(&input);
    if (request && effects.reply) {
        const auto unsaved = unsaved_reply(disk, request->request, *effects.reply);
        if (!unsaved.empty()) return named(node) + " answers before it has saved " + unsaved;
        const auto* vote = std::get_if<VoteReply>(&effects.reply->body);
        if (vote && vote->granted && after.leads(now)) {
            return named(node) + " votes for another and leads on";
        }
    }
    if (overlooks_a_change_of_voters(after, now)) {
        return named(node) + " overlooks a change of the voters that is due";
    }
    for (const auto& outgoing : effects.send) {
        const auto unsaved = unsaved_request(disk, outgoing);
        if (!unsaved.empty()) return named(node) + " asks before it has saved " + unsaved;
        if (std::holds_alternative<TimeoutNow>(outgoing.body) && after.leads(now)) {
            return named(node) + " hands over and leads on";
        }
    }
    return "";
}

}  // namespace electiond::exploration
