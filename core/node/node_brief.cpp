// The part of Node that handles an ordinary heartbeat while the loop sleeps: no disk, no transport.
#include "node/node.h"

#include <utility>

#include "wire/codec.h"

namespace electiond {

bool Node::handle_briefly(Instant now, Event& event) {
    ENSURE(!rest_);
    if (now >= deadline()) return false;  // the loop is about to wake
    if (auto* arrived = std::get_if<RequestArrived>(&event)) {
        auto message = read_ordinary_heartbeat(arrived->request);
        if (!message) return false;
        now_ = now;
        is_brief_ = true;
        take_request({std::move(*message), std::move(arrived->respond)});
    } else if (const auto* replied = std::get_if<ReplyArrived>(&event)) {
        auto reply = read_ordinary_response(*replied);
        if (!reply) return false;
        now_ = now;
        is_brief_ = true;
        take_reply(*replied, std::move(*reply), false);
    } else {
        return false;
    }
    is_brief_ = false;
    return true;
}

void Node::do_rest(Instant now) {
    now_ = now;
    auto rest = std::exchange(rest_, std::nullopt);
    finish_step(std::move(rest->effects), rest->asked);
}

std::optional<PeerRequest> Node::read_ordinary_heartbeat(const Request& request) const try {
    if (request.name != "heartbeat") return std::nullopt;
    auto decoded = wire::decode_request(request.name, request.body);
    auto* message = std::get_if<PeerRequest>(&decoded);
    const auto& leader = election_.followed();
    if (!message || !leader || leader->uuid != message->from.uuid) return std::nullopt;
    if (!is_ordinary(message->from, request.verified_names)) return std::nullopt;
    return std::move(*message);
} catch (const wire::DecodeError&) {
    return std::nullopt;
}

std::optional<PeerReply> Node::read_ordinary_response(const ReplyArrived& arrived) const try {
    const auto& answer = arrived.answer;
    if (arrived.name != "heartbeat" || answer.kind != Response::Kind::ok) return std::nullopt;
    auto reply = wire::decode_reply(arrived.name, answer.body);
    if (reply.reason != Reason::none || reply.from.uuid != arrived.to) return std::nullopt;
    if (!is_ordinary(reply.from, answer.verified_names)) return std::nullopt;
    return reply;
} catch (const wire::DecodeError&) {
    return std::nullopt;
}

// Nothing about the sender is new, so that the Transport need not hear of it, and nothing is wrong.
bool Node::is_ordinary(const Sender& from, const std::vector<std::string>& verified_names) const {
    const auto& own = election_.durable();
    return from.cluster_id == own.cluster_id && book_.knows_all_of(from) &&
           !wrong_identity_of(from, verified_names);
}

}  // namespace electiond
