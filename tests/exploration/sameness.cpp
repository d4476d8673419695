// When two worlds are the same: messages that can have no effect any more, names, absolute times.
#include <algorithm>

#include "exploration/fingerprint.h"
#include "exploration/hasher.h"
#include "exploration/stage.h"

namespace electiond::exploration {
namespace {

std::uint64_t left(std::int64_t until, std::int64_t now) {
    return until <= now ? 0 : static_cast<std::uint64_t>(until - now);
}

bool leads(const Election& election, Term term) {
    return election.term() == term && std::holds_alternative<Leading>(election.role());
}

}  // namespace

// Could an acceptance of this round still tell its leader anything? Older ones, and those of a lead
// that is over, are dropped (I2).
bool Stage::ack_counts(const World& world, const Message& message, NodeIndex leader,
                       NodeIndex follower) const {
    const Election& election = actor(world, leader).election;
    if (!leads(election, message.term)) return false;
    const auto& lead = std::get<Leading>(election.role());
    const auto* known = lead.roster.find(uuid_of(follower));
    if (!known) return !election.electorate().bans(uuid_of(follower));
    return *message.seq > known->seq;
}

bool Stage::save_may_be_lost(const World& world, NodeIndex node) const {
    return world.crashes > 0 && actor(world, node).saving_over.has_value();
}

// The oldest configuration that the node may come back with.
ConfigNumber Stage::held(const World& world, NodeIndex node) const {
    const Actor& one = actor(world, node);
    return (save_may_be_lost(world, node) ? *one.saving_over : one.disk).config.number;
}

// Terms, votes and roles of a term never come back, so what is over stays over: but those of a save
// that is lost do come back, and then the messages of its term precede it.
bool Stage::over(const World& world, const Message& message) const {
    if (save_may_be_lost(world, message.to) || save_may_be_lost(world, message.from)) return false;
    const Election& to = actor(world, message.to).election;
    const Election& from = actor(world, message.from).election;
    const auto candidate = [&](const Election& election) {
        const auto* campaign = std::get_if<Candidate>(&election.role());
        return election.term() == message.term ? campaign : nullptr;
    };
    if (message.request<VoteRequest>()) {
        if (candidate(from) || from.term() < message.term) return false;
        return message.term < to.term() ||
               (message.term == to.term() && !to.durable().voted_for.empty());
    }
    if (message.request<PreVote>()) return message.term != from.term() + 1;
    // A refusal shows the leader a higher term (C4), whichever round it answers.
    if (message.request<Heartbeat>()) {
        return message.term < to.term() && !leads(from, message.term);
    }
    if (message.request<TimeoutNow>()) return message.term < to.term();
    if (message.reply<PreVoteReply>()) return message.term != to.term() + 1;
    if (const auto* body = message.reply<VoteReply>()) {
        const auto* campaign = candidate(to);
        if (!campaign) return to.term() >= message.term;
        const bool tells = std::get<PeerReply>(message.what).term > to.term() ||
                           (body->config && body->config->number > held(world, message.to));
        const bool counts =
            body->granted && !ElectionFingerprint::has_voted(*campaign, uuid_of(message.from));
        return !tells && !counts;
    }
    if (std::get<PeerReply>(message.what).term > message.term) return !leads(to, message.term);
    return !ack_counts(world, message, message.to, message.from);
}

// Two heartbeats of one leader to one node, or two refusals of such: where acceptance of the older
// counts for nothing, the newer does all that the older could.
bool Stage::dominated(const World& world, MessageId id) const {
    const Message& older = post_[id];
    const bool asks = older.request<Heartbeat>() != nullptr;
    const bool refuses = older.reply<HeartbeatReply>() != nullptr &&
                         std::get<PeerReply>(older.what).term > older.term;
    if (!refuses && (!asks || ack_counts(world, older, older.from, older.to))) return false;
    const auto brings_nothing = [&](const Message& message) {
        const auto* body = message.request<Heartbeat>();
        return body && (!body->config || body->config->number <= held(world, message.to));
    };
    return std::ranges::any_of(world.post, [&](MessageId other) {
        const Message& newer = post_[other];
        if (newer.seq <= older.seq || newer.term != older.term) return false;
        if (newer.hash[0] == older.hash[0]) return true;
        return newer.from == older.from && newer.to == older.to && brings_nothing(older) &&
               brings_nothing(newer);
    });
}

void Stage::drop_what_is_over(World& world) const {
    if (rules_.keeps_all_post) return;
    std::erase_if(world.post, [&](MessageId id) { return over(world, post_[id]); });
    std::vector<MessageId> kept;
    for (const MessageId id : world.post) {
        if (!dominated(world, id)) kept.push_back(id);
    }
    world.post = std::move(kept);
}

const std::array<std::uint64_t, 6>& Stage::actor_hash(ActorId id, NodeIndex node, RealTime now) {
    const auto [at, fresh] = hashes_.try_emplace({id, now, 0});
    if (fresh) {
        const Actor& one = actors_[id];
        for (std::size_t i = 0; i < kRenamings.size(); ++i) {
            Hasher hash;
            hash.add(ElectionFingerprint::of(one.election, local(now, node), kRenamings[i]));
            hash.add(ElectionFingerprint::of(one.disk, kRenamings[i]));
            if (rules_.fault == Fault::save_not_durable) {
                hash.add(ElectionFingerprint::of(one.earlier, kRenamings[i]));
            }
            at->second[i] = hash.value();
        }
    }
    return at->second;
}

// When the round of a heartbeat or an ack was sent matters while its ack may still count.
std::vector<std::uint64_t> Stage::rounds_under_way(const World& world) const {
    std::vector<std::uint64_t> rounds;
    for (const MessageId id : world.post) {
        const Message& message = post_[id];
        rounds.push_back(0);
        if (!message.seq) continue;
        const bool asked = message.request<Heartbeat>() != nullptr;
        const NodeIndex leader = asked ? message.from : message.to;
        if (!ack_counts(world, message, leader, asked ? message.to : message.from)) continue;
        const auto& lead = std::get<Leading>(actor(world, leader).election.role());
        const auto sent = lead.rounds.sent(*message.seq);
        const Instant now = local(world.now, leader);
        rounds.back() = Hasher()
                            .add(lead.rounds.newest() - *message.seq)
                            .add(sent ? static_cast<std::uint64_t>((now - *sent).count()) : 1)
                            .value();
    }
    return rounds;
}

std::uint64_t Stage::fingerprint_of_nodes(const World& world) {
    World silent = world;
    silent.post.clear();
    silent.crashes = 0;  // a message without effect, too, comes after the save that is under way
    return fingerprint(silent);
}

std::uint64_t Stage::fingerprint(const World& world) {
    std::array<const std::array<std::uint64_t, 6>*, kNodes> nodes{};
    std::array<std::uint64_t, kNodes> clients{};
    for (NodeIndex node = 0; node < kNodes; ++node) {
        nodes[node] = &actor_hash(world.actors[node], node, world.now);
        const Instant now = local(world.now, node);
        clients[node] = Hasher()
                            .add(left(world.relied[node], world.now))
                            .add(left(world.book[node].time_since_epoch().count(),
                                      now.time_since_epoch().count()))
                            .add(world.open[node] ? 1 : 0)
                            .value();
    }
    const auto rounds = rounds_under_way(world);
    std::uint64_t smallest = ~std::uint64_t{0};
    for (const std::size_t i : renamings_) {
        const Renaming& renaming = kRenamings[i];
        std::uint64_t sum = 0;  // whatever the order
        for (NodeIndex node = 0; node < kNodes; ++node) {
            Hasher one;
            one.add(renaming(node)).add((*nodes[node])[i]).add(clients[node]);
            if (save_may_be_lost(world, node)) {
                one.add(ElectionFingerprint::of(*actor(world, node).saving_over, renaming));
            }
            sum += one.value();
        }
        for (std::size_t at = 0; at < world.post.size(); ++at) {
            sum += Hasher().add(post_[world.post[at]].hash[i]).add(rounds[at]).value();
        }
        Hasher hash;
        hash.add(sum).add(world.token_highest).add(world.crashes).add(world.commands);
        for (const NodeIndex leader : world.led) hash.add(renaming(leader));
        smallest = std::min(smallest, hash.value());
    }
    return smallest;
}

}  // namespace electiond::exploration
