// Asks which other voters of a node's record are alive, before `recover` removes them.
#include "check/voters.h"

#include <algorithm>
#include <memory>
#include <variant>

#include "assembly.h"
#include "check/peers.h"

namespace electiond {
namespace {

std::vector<Voter> others_of(const Durable& record) {
    auto voters = record.config.voters;
    std::erase_if(voters, [&](const Voter& voter) { return voter.uuid == record.uuid; });
    std::ranges::sort(voters);
    return voters;
}

void take(const AskedPeer& asked, const Durable& record, OtherVoters& into) {
    if (!asked.answer.reply) return;
    const auto& from = asked.answer.reply->from;
    into.answered.push_back(from.uuid);
    if (std::ranges::find(from.supersedes, record.cluster_id) != from.supersedes.end()) {
        into.successor = from.id.value;
    }
    if (from.cluster_id != record.cluster_id) return;
    const auto& status = std::get<StatusReply>(asked.answer.reply->body);
    if (status.is_leader) {
        into.leader = from.id.value;
    } else if (status.leader_id && *status.leader_id != record.node_id.value) {
        into.leader = *status.leader_id;
    }
    const auto* voter = record.config.find(from.uuid);
    const bool known = std::ranges::find(into.alive, from.uuid, &Voter::uuid) != into.alive.end();
    if (voter != nullptr && voter->uuid != record.uuid && !known) into.alive.push_back(*voter);
}

// "3 (10.0.0.3:7401: no answer in time)"; the address once.
std::string lost_voter(const Voter& voter, const std::vector<AskedPeer>& asked) {
    std::string why;
    for (const auto& [peer, answer] : asked) {
        if (peer.id != voter.id) continue;
        const auto said = answer.reply ? "another node answers" : answer.error;
        const auto address = peer.address.to_string();
        const bool named = said.find(address) != std::string::npos;
        why += (why.empty() ? "" : "; ") + (named ? said : address + ": " + said);
    }
    return voter.id.value + " (" + (why.empty() ? "no address is known" : why) + ")";
}

}  // namespace

bool OtherVoters::quorum_lives(const Durable& record) const {
    if (!leader.empty()) return true;
    const auto own = record.config.has(record.uuid) ? std::size_t{1} : std::size_t{0};
    return !alive.empty() && alive.size() + own >= record.config.quorum();
}

OtherVoters ask_other_voters(const Settings& settings, const Durable& record, bool always) {
    OtherVoters result;
    const auto others = others_of(record);
    if (others.empty() && !always) return result;
    PluginHost host(plugin_directories(settings), own_program(), Log{});
    auto plugins = std::make_unique<LoadedPlugins>(load_plugins(host, settings, Log{}));
    const auto known = find_peers(*plugins, settings);
    if (!known.all_ended) (void)plugins.release();  // the call that hangs still uses them
    std::vector<AskedPeer> asked;
    try {
        asked = ask_peers(host, settings, known.peers, record.config.voters);
    } catch (const Error& error) {
        result.trouble = error.what();
    }
    for (const auto& each : asked) take(each, record, result);
    bool unknown = others.empty();  // a voter whose address is not known
    for (const auto& voter : others) {
        if (std::ranges::find(result.alive, voter) != result.alive.end()) continue;
        result.lost.push_back(lost_voter(voter, asked));
        const auto has_address = [&](const KnownPeer& peer) { return peer.id == voter.id; };
        unknown = unknown || std::ranges::none_of(known.peers, has_address);
    }
    if (result.trouble.empty() && unknown && !known.troubles.empty()) {
        result.trouble = known.troubles.front();
    }
    return result;
}

}  // namespace electiond
