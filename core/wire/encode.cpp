// Messages to JSON text, written by hand: a heartbeat is on the idle path.
#include <optional>
#include <utility>

#include "wire/codec.h"
#include "wire/names.h"
#include "wire/writer.h"

namespace electiond::wire {
namespace {

void put_sender(Writer& out, const Sender& sender) {
    out("v", 1);
    if (sender.uuid.empty()) return;
    out("clusterId", sender.cluster_id)("clusterName", sender.cluster_name);
    out("from", sender.uuid)("fromId", sender.id)("incarnation", sender.incarnation);
    out("address", sender.address);
    if (!sender.api.empty()) out("api", sender.api);
    if (!sender.supersedes.empty()) out("supersedes", sender.supersedes);
}

// The first fields of a message. A node says the same of itself in all its messages, so their text
// is kept.
const std::string& head_of(const Sender& sender) {
    thread_local std::optional<std::pair<Sender, std::string>> last;
    if (!last || last->first != sender) {
        Writer out;
        put_sender(out, sender);
        last.emplace(sender, out.take());
    }
    return last->second;
}

void put(Writer& out, const PreVote& ask) { out(ask.config); }

void put(Writer& out, const VoteRequest& ask) {
    out(ask.config)("transfer", ask.transfer)("reason", ask.cause);
}

void put(Writer& out, const Heartbeat& beat) {
    out("seq", beat.seq)("promiseMs", beat.promise)(beat.number)("view", beat.view);
    if (beat.config_pending) out("configPending", true);
    out("config", beat.config)("succession", beat.succession)("members", beat.members);
}

void put(Writer& out, const TimeoutNow& word) { out("reason", word.cause); }

void put(Writer& out, const Hello& hello) {
    out("blank", hello.blank);
    if (!hello.founding_set.empty()) out("foundingSet", hello.founding_set);
    out("wantsVote", hello.wants_vote)("priority", hello.priority)(hello.config);
}

void put(Writer& out, const StatusQuery& query) {
    if (query.members) out("members", true);
}

void put(Writer& out, const Sender&, const VoteReply& reply) {
    out("voteGranted", reply.granted)("leaderHint", reply.hint)("config", reply.config);
}

void put(Writer& out, const Sender&, const HeartbeatReply& ack) {
    out("received", true)("accepted", ack.accepted)("seq", ack.seq)(ack.config)("view", ack.view);
    out("eligible", ack.eligible)("priority", ack.priority)("wantsVote", ack.wants_vote);
    out("leaving", ack.leaving)("cooling", ack.cooling);
}

void put(Writer& out, const Sender&, const TimeoutNowReply& reply) {
    out("accepted", reply.accepted);
}

void put(Writer& out, const Sender& sender, const HelloReply& reply) {
    out("id", sender.id);
    put(out, reply.self);
    out("leaderHint", reply.hint)("config", reply.config);
}

void put(Writer& out, const Sender& sender, const StatusReply& status) {
    out("id", sender.id)("uuid", sender.uuid).or_null("port", status.port);
    out("state", status.state)("role", status.role).or_null("leaderId", status.leader_id);
    out("isLeader", status.is_leader)("leaseRemainingMs", status.lease_remaining);
    out("uptime", status.uptime).or_null("votedFor", status.voted_for)(status.config);
    out("voters", status.voters)("version", status.version)("members", status.members);
}

}  // namespace

std::string name_of(const RequestBody& body) {
    return std::string(kRequestNames.at(body.index()).name);
}

std::string encode(const PeerRequest& request) {
    return encode(request.from, request.term, request.body);
}

std::string encode(const Sender& from, Term term, const RequestBody& body) {
    Writer out;
    out.object([&] {
        out.fields(head_of(from));
        out("term", term);
        const auto* own_id = kRequestNames.at(body.index()).own_id;
        if (own_id != nullptr) out(own_id, from.id);
        std::visit([&](const auto& of_kind) { put(out, of_kind); }, body);
    });
    return out.take();
}

std::string encode(const PeerReply& reply) {
    return encode(reply.from, {reply.term, reply.request_term, reply.reason}, reply.body);
}

std::string encode(const Sender& from, const ReplyHead& head, const ReplyBody& body) {
    Writer out;
    out.object([&] {
        out.fields(head_of(from));
        out("term", head.term)("requestTerm", head.request_term)("reason", head.reason);
        std::visit([&](const auto& of_kind) { put(out, from, of_kind); }, body);
    });
    return out.take();
}

std::string encode_seed_reply(const SeedRequest& request, Term own_term) {
    const bool vote = request.name == "vote-request" || request.name == "pre-vote";
    Writer out;
    out.object([&] {
        if (!vote) out("received", true)("accepted", false);
        out("term", own_term);
        if (vote) out("voteGranted", false);
        out("reason", Reason::no_cluster_id);
    });
    return out.take();
}

std::string encode_malformed(const DecodeError& error) {
    Writer out;
    out.object([&] {
        out("error", std::string(error.what()));
        out("reason", Reason::malformed);
    });
    return out.take();
}

}  // namespace electiond::wire
