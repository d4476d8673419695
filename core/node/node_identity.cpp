// The part of Node that refuses messages if the sender's certificate names another node.
#include "node/node.h"

#include "election/overloaded.h"
#include "node/peer_identity.h"
#include "wire/codec.h"

namespace electiond {
namespace {

// One line a minute each, so that refusals of one kind do not hide those of another.
constexpr std::string_view kRequests = "wrong_identity of requests";
constexpr std::string_view kAnswers = "wrong_identity of answers";
constexpr std::string_view kOfUs = "wrong_identity of this node";

// The response that refuses a request of this kind.
ReplyBody refusal_of(const RequestBody& body, bool blank) {
    return std::visit(
        overloaded{
            [](const PreVote&) -> ReplyBody { return PreVoteReply{}; },
            [](const VoteRequest&) -> ReplyBody { return VoteReply{}; },
            [](const Heartbeat& beat) -> ReplyBody { return HeartbeatReply{.seq = beat.seq}; },
            [](const TimeoutNow&) -> ReplyBody { return TimeoutNowReply{}; },
            [&](const Hello&) -> ReplyBody {
                return HelloReply{.self = {.blank = blank, .wants_vote = false}};
            },
            [](const StatusQuery&) -> ReplyBody { return StatusReply{}; }},
        body);
}

}  // namespace

// P1, P2: why this sender is not the node that it claims to be; nullopt if it is, or if
// certificates are not compared.
std::optional<WrongIdentity> Node::wrong_identity_of(
    const Sender& from, const std::vector<std::string>& verified_names) const {
    if (!identity_.certificates_name_nodes) return std::nullopt;
    return wrong_identity(from, verified_names, election_.durable().cluster_name,
                          holder_of(from.uuid));
}

// P2: the id that this uuid belongs to. The configuration, by which votes are counted, comes before
// what other nodes have said.
std::optional<NodeId> Node::holder_of(const NodeUuid& uuid) const {
    const auto& durable = election_.durable();
    if (uuid == durable.uuid) return durable.node_id;
    if (const auto* voter = durable.config.find(uuid)) return voter->id;
    for (const auto& founder : durable.founding_set) {
        if (founder.uuid == uuid) return founder.id;
    }
    return book_.proven_id(uuid);
}

// P2: notes the uuids of all voters in the address book: no other node may claim them, even after
// they are voters no more.
void Node::bind_voters() {
    const auto& config = election_.electorate();
    if (!identity_.certificates_name_nodes || config.number == bound_) return;
    bound_ = config.number;
    book_.named_by_configuration(config.voters);
}

// P3: nothing of the message counts, and the response shows no term that could count there.
void Node::refuse(const Request& request, const PeerRequest& message, const WrongIdentity& wrong,
                  const Respond& respond) {
    reject(to_string(Reason::wrong_identity),
           request.name + " from " + request.source + " " + wrong.what + "; " + wrong.remedy,
           kRequests);
    respond(
        {Response::Kind::ok,
         wire::encode(PeerReply{.from = sender(),
                                .term = 0,
                                .request_term = message.term,
                                .reason = Reason::wrong_identity,
                                .body = refusal_of(message.body, election_.durable().blank())})});
    publish();
}

// P3: a refused response counts as none. Another machine may have the address by now.
void Node::drop_answer(const ReplyArrived& arrived, const WrongIdentity& wrong) {
    reject(to_string(Reason::wrong_identity),
           "answer to " + arrived.name + " from " + arrived.address.to_string() + " " + wrong.what +
               "; " + wrong.remedy,
           kAnswers);
    faults_.wrong(arrived.address, wrong.what);
    dependencies_.transport.refresh(arrived.address);
}

// P3: logs why the other side refuses this node; its response has no other effect.
void Node::note_refusal_of_us(const ReplyArrived& arrived, const PeerReply& reply) {
    const auto& own = election_.durable();
    const auto needed = names_needed(own.cluster_name, own.node_id.value);
    reject(to_string(Reason::wrong_identity),
           arrived.name + " to node " + reply.from.id.value + " at " + arrived.address.to_string() +
               ": it does not accept this node as node " + own.node_id.value + " of cluster " +
               own.cluster_name + "; the certificate of this node must be for " + needed +
               ", and no other node may use a copy of its data directory",
           kOfUs);
    faults_.wrong(arrived.address,
                  "refuses the identity of this node: its certificate must be for " + needed);
}

}  // namespace electiond
