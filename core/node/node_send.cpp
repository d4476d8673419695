// The part of Node that sends requests, and adds to a response what the election does not know.
#include "node/node.h"

#include <algorithm>
#include <utility>

#include "wire/codec.h"

namespace electiond {

void Node::send(Outgoing&& outgoing) {
    if (std::holds_alternative<VoteRequest>(outgoing.body) &&
        std::exchange(campaign_, outgoing.term) != outgoing.term) {
        dependencies_.counters.campaigns.add();
    }
    const auto name = wire::name_of(outgoing.body);
    const auto& body = encoded(outgoing);
    if (auto* uuid = std::get_if<NodeUuid>(&outgoing.to)) {
        const auto address = book_.route(*uuid);
        if (address) send_to(std::move(*uuid), *address, name, body);
        return;
    }
    const auto& except = std::get<Everyone>(outgoing.to).except;
    for (auto& target : book_.everyone(now_, views_.known_members(), except)) {
        send_to(std::move(target.uuid), target.address, name, body);
    }
}

// The heartbeats of a round are mostly the same for all followers, and those of the next round,
// too, except for their number: that text is made once.
const std::string& Node::encoded(const Outgoing& outgoing) {
    const auto& from = sender();
    const bool is_same = encoded_from_ == sender_revision_ && encoded_term_ == outgoing.term &&
                         renumber(outgoing.body);
    if (is_same) return encoded_text_.text();
    encoded_from_ = sender_revision_;
    encoded_term_ = outgoing.term;
    encoded_body_ = outgoing.body;
    const auto* heartbeat = std::get_if<Heartbeat>(&encoded_body_);
    const std::uint64_t seq = heartbeat ? heartbeat->seq : 0;
    if (heartbeat && heartbeat->members) {
        auto whole = *heartbeat;
        whole.members = views_.with_addresses(std::move(*whole.members));
        encoded_text_.keep(wire::encode(from, outgoing.term, whole), seq);
    } else {
        encoded_text_.keep(wire::encode(from, outgoing.term, encoded_body_), seq);
    }
    return encoded_text_.text();
}

// Is the last request `next`, or does it become `next` by another number? If not, it must be
// encoded anew. The addresses of members are not in encoded_body_, and may be others in the next
// round.
bool Node::renumber(const RequestBody& next) {
    auto* last = std::get_if<Heartbeat>(&encoded_body_);
    const auto* heartbeat = std::get_if<Heartbeat>(&next);
    if (!last || !heartbeat || last->seq == heartbeat->seq) return encoded_body_ == next;
    if (last->members) return false;
    last->seq = heartbeat->seq;
    return *last == *heartbeat && encoded_text_.set(last->seq);
}

// The response to the request under way.
std::string Node::encoded(const wire::ReplyHead& head, const ReplyBody& body) {
    const auto& from = sender();
    const auto* ack = std::get_if<HeartbeatReply>(&body);
    if (!ack) return wire::encode(from, head, body);
    ack_.seq = ack->seq;
    const bool is_same = ack_from_ == sender_revision_ && ack_head_ == head && ack_ == *ack &&
                         ack_text_.set(ack->seq);
    if (!is_same) {
        ack_from_ = sender_revision_;
        ack_head_ = head;
        ack_ = *ack;
        ack_text_.keep(wire::encode(from, head, body), ack->seq);
    }
    return ack_text_.text();
}

void Node::send_to(NodeUuid uuid, const Endpoint& address, const std::string& name,
                   const std::string& body) {
    if (election_.durable().blank() && name == "hello") {
        open_hellos_.sent(now_, address);
    }
    if (name == "heartbeat") dependencies_.counters.heartbeats_sent.add();
    // A vote is saved before the response is sent, and the disk may be slow.
    const auto& timing = election_.policy().timing;
    const auto timeout = name == "vote-request"
                             ? std::max(timing.request_timeout, timing.election_timeout / 2)
                             : timing.request_timeout;
    dependencies_.transport.send(
        address, Request{.name = name, .body = body, .lane = Lane::election, .source = {}}, timeout,
        // Copies what it has: a transport that calls it twice does no harm.
        [post = dependencies_.post, uuid = std::move(uuid), address, name](Response answer) {
            post(ReplyArrived{uuid, address, name, std::move(answer)});
        });
}

// What this node says of itself in each message: made anew when it joins or founds a cluster.
const Sender& Node::sender() {
    const auto& durable = election_.durable();
    const bool is_current = sender_.cluster_id == durable.cluster_id &&
                            sender_.supersedes == durable.supersedes && sender_revision_ > 0;
    if (is_current) return sender_;
    ++sender_revision_;
    return sender_ = {.cluster_id = durable.cluster_id,
                      .cluster_name = durable.cluster_name,
                      .uuid = durable.uuid,
                      .id = durable.node_id,
                      .incarnation = identity_.incarnation,
                      .address = identity_.address,
                      .api = identity_.api,
                      .supersedes = durable.supersedes};
}

void Node::fill_hint(ReplyBody& body) const {
    std::visit(
        [this](auto& reply) {
            if constexpr (requires { reply.hint; }) {
                if (!reply.hint) return;
                const auto addresses = book_.addresses(reply.hint->uuid);
                if (!addresses.empty()) reply.hint->address = addresses.front();
            }
        },
        body);
}

}  // namespace electiond
