// /members: the leader's view of voters and observers.
#include <algorithm>

#include "control/answers.h"
#include "control/record.h"
#include "node/survey.h"

namespace electiond {
namespace {

struct View {
    std::vector<Member> members{};
    std::optional<NodeUuid> leader{};  // where it is known who it is
};

// Our own view, its ages brought to `now`.
View own_view(const Status& status, Instant now) {
    View view{.members = status.members, .leader = status.uuid};
    const auto age = now - status.members_at.value_or(now);
    for (auto& member : view.members) {
        if (member.last_ack && member.uuid != status.uuid) {
            *member.last_ack += std::chrono::floor<Milliseconds>(age);
        }
    }
    return view;
}

std::optional<View> ask_leader(const ControlFaces& faces, const Status& status, Instant now) {
    if (!status.followed || now >= status.followed_until) return std::nullopt;
    const auto peer = std::ranges::find(status.peers, status.followed->uuid, &PeerStatus::uuid);
    if (peer == status.peers.end()) return std::nullopt;
    auto answers =
        survey(faces.transport, peer->addresses, /*members=*/true, faces.timing.request_timeout);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (!answers[i].reply) continue;
        if (answers[i].reply->from.uuid != peer->uuid) {  // its name may mean another node by now
            faces.transport.refresh(peer->addresses[i]);
            continue;
        }
        auto& reply = std::get<StatusReply>(answers[i].reply->body);
        if (reply.members) return View{std::move(*reply.members), peer->uuid};
    }
    return std::nullopt;
}

// What a node shows that never heard a leader: the voters of its configuration.
View voters_alone(const Status& status) {
    View view;
    for (const auto& voter : status.voters) {
        Member member{.id = voter.id, .uuid = voter.uuid, .role = "voter"};
        const auto peer = std::ranges::find(status.peers, voter.uuid, &PeerStatus::uuid);
        if (voter.uuid == status.uuid) {
            member.addresses = {status.address};
            member.api = status.api;
            member.priority = status.priority;
            member.eligible = status.eligible;
        } else if (peer != status.peers.end()) {
            member.addresses = peer->addresses;
            member.api = peer->api;
        }
        view.members.push_back(std::move(member));
    }
    return view;
}

// As the leader sees it: it knows of each node when it last answered, not what it does since.
std::string_view state_of(const Member& member, const View& view, Milliseconds silence) {
    if (member.uuid == view.leader) return "LEADER";
    return member.last_ack && *member.last_ack < silence ? "FOLLOWER" : "OFFLINE";
}

Json record(const Member& member, const View& view, Milliseconds silence) {
    using FloatMilliseconds = std::chrono::duration<double, std::milli>;
    const auto address = shown_address(member.addresses);
    return json_object(
        {{"id", member.id},
         {"uuid", member.uuid},
         {"address", address},
         {"api", shown_api(member.api, address)},
         {"role", member.role},
         {"lastContactMs", member.last_ack},
         {"rttMs", member.rtt ? Json(FloatMilliseconds(*member.rtt).count()) : Json()},
         {"state", state_of(member, view, silence)},
         {"priority", member.priority},
         {"eligible", member.eligible}});
}

}  // namespace

ApiResponse answer_members(const Call& call) {
    const auto& faces = call.faces;
    const auto status = faces.board.read();
    const auto now = faces.now();
    auto view = status->leads_at(now) ? own_view(*status, now) : ask_leader(faces, *status, now);
    const bool stale = !view;
    if (stale) view = status->members_at ? View{.members = status->members} : voters_alone(*status);
    std::vector<Json> records;
    for (const auto& member : view->members) {
        records.push_back(record(member, *view, faces.timing.election_timeout));
    }
    JsonFields fields{{"members", json_array(records)},
                      {"leaderId", status->leader_at(now)},
                      {"term", status->term},
                      {"index", status->index}};
    if (stale) {
        fields.emplace_back("asOfMs",
                            status->members_at ? Json(now - *status->members_at) : Json());
    }
    return answer(200, json_object(fields));
}

}  // namespace electiond
