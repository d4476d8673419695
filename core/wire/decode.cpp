// JSON text to messages: which fields each message has.
#include <string>
#include <utility>

#include "wire/codec.h"
#include "wire/fields.h"
#include "wire/names.h"
#include "wire/recall.h"

namespace electiond::wire {
namespace {

constexpr std::size_t kMembersMax = 1024;

void read(const Fields& in, Sender& sender) {
    in.need("clusterId").to(sender.cluster_id);
    in["clusterName"].to_name(sender.cluster_name);
    in.need("from").to(sender.uuid);
    in["fromId"].to(sender.id);
    in["incarnation"].to(sender.incarnation);
    in["address"].to(sender.address);
    in["api"].to_address(sender.api);
    in["supersedes"].to(sender.supersedes);
}

void read(const Fields& in, ConfigNumber& number) {
    in["configTerm"].to(number.term);
    in["configVersion"].to(number.version);
}

void read(const Fields& in, PreVote& ask) { read(in, ask.config); }

void read(const Fields& in, VoteRequest& ask) {
    read(in, ask.config);
    in["transfer"].to(ask.transfer);
    in["reason"].to(ask.cause);
}

void read(const Fields& in, Heartbeat& beat) {
    in.need("seq").to(beat.seq);
    in["promiseMs"].to(beat.promise, kPromiseMax);
    read(in, beat.number);
    in["view"].to(beat.view);
    in["config"].to(beat.config);
    in["configPending"].to(beat.config_pending);
    in["succession"].to(beat.succession);
    in["members"].to(beat.members, kMembersMax);
}

void read(const Fields& in, TimeoutNow& word) { in["reason"].to(word.cause); }

void read(const Fields& in, Hello& hello) {
    in["blank"].to(hello.blank);
    in["foundingSet"].to(hello.founding_set);
    in["wantsVote"].to(hello.wants_vote);
    in["priority"].to(hello.priority);
    read(in, hello.config);
}

void read(const Fields& in, StatusQuery& query) { in["members"].to(query.members); }

void read(const Fields& in, VoteReply& reply) {
    in.need("voteGranted").to(reply.granted);
    in["leaderHint"].to(reply.hint);
    in["config"].to(reply.config);
}

void read(const Fields& in, HeartbeatReply& ack) {
    in.need("accepted").to(ack.accepted);
    in.need("seq").to(ack.seq);
    read(in, ack.config);
    in["view"].to(ack.view);
    in["eligible"].to(ack.eligible);
    in["priority"].to(ack.priority);
    in["wantsVote"].to(ack.wants_vote);
    in["leaving"].to(ack.leaving);
    in["cooling"].to(ack.cooling);
}

void read(const Fields& in, TimeoutNowReply& reply) { in.need("accepted").to(reply.accepted); }

void read(const Fields& in, HelloReply& reply) {
    read(in, reply.self);
    in["leaderHint"].to(reply.hint);
    in["config"].to(reply.config);
}

void read(const Fields& in, StatusReply& status) {
    in["address"].to(status.address);
    in["api"].to_address(status.api);
    in["port"].or_null().to(status.port);
    in["state"].to(status.state);
    in["role"].to(status.role);
    in["leaderId"].or_null().to(status.leader_id);
    in["isLeader"].to(status.is_leader);
    in["leaseRemainingMs"].to(status.lease_remaining);
    in["uptime"].to(status.uptime);
    in["votedFor"].or_null().to(status.voted_for);
    read(in, status.config);
    in["voters"].to(status.voters);
    in["version"].to(status.version);
    in["members"].to(status.members, kMembersMax);
}

// The body of the right type: its index is that of the request's name.
template <class Body, std::size_t... Index>
Body empty_body(std::size_t index, std::index_sequence<Index...>) {
    const Body bodies[] = {Body(std::in_place_index<Index>)...};
    return bodies[index];
}
template <class Body>
Body empty_body(std::size_t index) {
    return empty_body<Body>(index, std::make_index_sequence<std::variant_size_v<Body>>());
}

std::size_t known_index(std::string_view name) {
    const auto index = request_index(name);
    if (index < kRequestNames.size()) return index;
    throw DecodeError("not a request of the protocol: \"" + excerpt(name) + '"');
}

// A request contains its sender's id twice: in the seed's field and in our own.
void read_own_id(const Fields& in, const char* own_id, NodeId& id) {
    const auto field = std::string_view(own_id) == "id" ? in[own_id] : in.need(own_id);
    NodeId own = id;
    field.to(own);
    if (!id.empty() && own != id) field.wrong("the same as fromId");
    id = own;
}

constexpr std::string_view kHeartbeat = "heartbeat";

thread_local Recall<PeerRequest, Heartbeat> heartbeats;
thread_local Recall<PeerReply, HeartbeatReply> acks;

}  // namespace

bool known_request(std::string_view name) { return request_index(name) < kRequestNames.size(); }

const PeerRequest* recall_heartbeat(std::string_view body) { return heartbeats.find(body); }
const PeerReply* recall_ack(std::string_view body) { return acks.find(body); }

std::variant<PeerRequest, SeedRequest> decode_request(std::string_view name,
                                                      std::string_view body) {
    if (name == kHeartbeat) {
        if (const auto* known = recall_heartbeat(body)) return *known;
    }
    const auto index = known_index(name);
    PeerRequest request{.body = empty_body<RequestBody>(index)};
    const bool query = std::holds_alternative<StatusQuery>(request.body);
    const Document document(query && body.empty() ? "{}" : body);
    const auto in = document.fields();
    const bool seed = !in["clusterId"].given();
    if (seed && !query) {
        SeedRequest old{std::string(name)};
        in.need("term").to(old.term);
        return old;
    }
    if (!seed) read(in, request.from);
    if (!query) read_own_id(in, kRequestNames.at(index).own_id, request.from.id);
    (query ? in["term"] : in.need("term")).to(request.term);
    // A node without a cluster is blank: the default if `blank` is missing.
    if (auto* hello = std::get_if<Hello>(&request.body))
        hello->blank = request.from.cluster_id.empty();
    std::visit([&](auto& of_kind) { read(in, of_kind); }, request.body);
    if (name == kHeartbeat) heartbeats.keep(body, request);
    return request;
}

PeerReply decode_reply(std::string_view request_name, std::string_view body) {
    if (request_name == kHeartbeat) {
        if (const auto* known = recall_ack(body)) return *known;
    }
    PeerReply reply{.body = empty_body<ReplyBody>(known_index(request_name))};
    const Document document(body);
    const auto in = document.fields();
    read(in, reply.from);
    in.need("term").to(reply.term);
    in["requestTerm"].to(reply.request_term);
    in["reason"].to(reply.reason);
    if (auto* hello = std::get_if<HelloReply>(&reply.body))
        hello->self.blank = reply.from.cluster_id.empty();
    std::visit([&](auto& of_kind) { read(in, of_kind); }, reply.body);
    if (request_name == kHeartbeat) acks.keep(body, reply);
    return reply;
}

}  // namespace electiond::wire
