// The part of Node that handles an ordinary heartbeat while the loop sleeps: no disk, no transport.
#include "node/node.h"

#include <utility>

#include "wire/codec.h"

namespace electiond {

bool Node::handle_briefly(Instant now, Event& event) {
    ENSURE(!rest_);
    if (now >= deadline()) return false;  // the loop is about to wake
    if (auto* arrived = std::get_if<RequestArrived>(&event)) {
        std::optional<PeerRequest> room;
        const auto* message = read_ordinary_heartbeat(arrived->request, room);
        if (!message) return false;
        now_ = now;
        is_brief_ = true;
        take_request({*message, arrived->respond});
    } else if (const auto* replied = std::get_if<ReplyArrived>(&event)) {
        std::optional<PeerReply> room;
        const auto* reply = read_ordinary_response(*replied, room);
        if (!reply) return false;
        now_ = now;
        is_brief_ = true;
        take_reply(*replied, *reply, false);
    } else {
        return false;
    }
    is_brief_ = false;
    return true;
}

void Node::do_rest(Instant now) {
    now_ = now;
    auto rest = std::exchange(rest_, std::nullopt);
    if (!rest->message) return finish_step(std::move(rest->effects), nullptr);
    const Asked asked{*rest->message, rest->respond};
    finish_step(std::move(rest->effects), &asked);
}

// nullptr: it is not ordinary. `room` keeps the message if it had to be decoded.
const PeerRequest* Node::read_ordinary_heartbeat(const Request& request,
                                                 std::optional<PeerRequest>& room) const try {
    if (request.name != "heartbeat") return nullptr;
    const auto* message = wire::recall_heartbeat(request.body);
    if (!message) {
        auto decoded = wire::decode_request(request.name, request.body);
        auto* whole = std::get_if<PeerRequest>(&decoded);
        if (!whole) return nullptr;
        message = &room.emplace(std::move(*whole));
    }
    const auto& leader = election_.followed();
    if (!leader || leader->uuid != message->from.uuid) return nullptr;
    return is_ordinary(message->from, request.verified_names) ? message : nullptr;
} catch (const wire::DecodeError&) {
    return nullptr;
}

const PeerReply* Node::read_ordinary_response(const ReplyArrived& arrived,
                                              std::optional<PeerReply>& room) const try {
    const auto& answer = arrived.answer;
    if (arrived.name != "heartbeat" || answer.kind != Response::Kind::ok) return nullptr;
    const auto* reply = wire::recall_ack(answer.body);
    if (!reply) reply = &room.emplace(wire::decode_reply(arrived.name, answer.body));
    if (reply->reason != Reason::none || reply->from.uuid != arrived.to) return nullptr;
    return is_ordinary(reply->from, answer.verified_names) ? reply : nullptr;
} catch (const wire::DecodeError&) {
    return nullptr;
}

// Nothing about the sender is new, so that the Transport need not hear of it, and nothing is wrong.
bool Node::is_ordinary(const Sender& from, const std::vector<std::string>& verified_names) const {
    const auto& own = election_.durable();
    return from.cluster_id == own.cluster_id && book_.knows_all_of(from) &&
           !wrong_identity_of(from, verified_names);
}

}  // namespace electiond
