// /members: the leader's view of voters and observers.
#include <algorithm>

#include "control/answers.h"
#include "control/record.h"
#include "node/survey.h"

namespace electiond {
namespace {

struct View {
    std::vector<Member> members{};
    std::optional<NodeUuid> leader{};  // if it is known
};

// Our own view, with its ages as of `now`.
View own_view(const Status& status, Instant now) {
    View view{.members = status.members->in_contact(), .leader = status.view->uuid};
    const auto age = now - status.members->at.value_or(now);
    for (auto& member : view.members) {
        if (member.last_ack && member.uuid != status.view->uuid) {
            *member.last_ack += std::chrono::floor<Milliseconds>(age);
        }
    }
    return view;
}

// The leader, if this node follows one and knows its addresses; else null.
const PeerStatus* leader_to_ask(const Status& status, Instant now) {
    if (!status.leadership.follows_at(now)) return nullptr;
    const auto peer =
        std::ranges::find(status.view->peers, status.view->followed->uuid, &PeerStatus::uuid);
    return peer == status.view->peers.end() ? nullptr : &*peer;
}

// The view of a node that has never heard a leader: the voters of its configuration.
View voters_alone(const Status& status) {
    View view;
    for (const auto& voter : status.view->voters) {
        Member member{.id = voter.id, .uuid = voter.uuid, .role = MemberRole::voter};
        const auto peer = std::ranges::find(status.view->peers, voter.uuid, &PeerStatus::uuid);
        if (voter.uuid == status.view->uuid) {
            member.addresses = {status.view->address};
            member.api = status.view->api;
            member.priority = status.view->priority;
            member.eligible = status.view->eligible;
        } else if (peer != status.view->peers.end()) {
            member.addresses = peer->addresses;
            member.api = peer->api;
        }
        view.members.push_back(std::move(member));
    }
    return view;
}

// The state of a member: of this node as of now; of another node from the leader's view, that is as
// of its last answer to the leader.
std::string_view state_of(const Member& member, const View& view, const Status& own, Instant now,
                          Milliseconds silence) {
    if (member.uuid == own.view->uuid) return to_string(own.leadership.state_at(now));
    if (member.uuid == view.leader) return "LEADER";
    return member.last_ack && *member.last_ack < silence ? "FOLLOWER" : "OFFLINE";
}

Json record(const Member& member, const View& view, const Status& own, Instant now,
            Milliseconds silence) {
    using FloatMilliseconds = std::chrono::duration<double, std::milli>;
    const auto address = shown_address(member.addresses);
    return json_object(
        {{"id", member.id},
         {"uuid", member.uuid},
         {"address", address},
         {"api", shown_api(member.api, address)},
         {"role", to_string(member.role)},
         {"lastContactMs", member.last_ack},
         {"rttMs", member.rtt ? Json(FloatMilliseconds(*member.rtt).count()) : Json()},
         {"state", state_of(member, view, own, now, silence)},
         {"priority", member.priority},
         {"eligible", member.eligible}});
}

// `view` is our own as of now, or the one that the leader has just sent; nullopt if no leader could
// be asked.
ApiResponse members_response(const ControlDependencies& dependencies, const Status& status,
                             std::optional<View> view, Instant now) {
    const bool stale = !view;
    if (stale)
        view = status.members->at ? View{.members = status.members->in_contact()}
                                  : voters_alone(status);
    std::vector<Json> records;
    for (const auto& member : view->members) {
        records.push_back(record(member, *view, status, now, dependencies.timing.election_timeout));
    }
    JsonFields fields{{"members", json_array(records)},
                      {"leaderId", status.leader_at(now)},
                      {"term", status.term},
                      {"index", status.index}};
    if (stale) {
        fields.emplace_back("asOfMs",
                            status.members->at ? Json(now - *status.members->at) : Json());
    }
    return answer(200, json_object(fields));
}

// Waits for the view of the leader.
class LeadersView : public ParkedAnswer {
  public:
    LeadersView(const Call& call, std::shared_ptr<const Status> status, const PeerStatus& leader,
                Instant now, Places::Place place)
        : dependencies_(call.dependencies),
          status_(std::move(status)),
          leader_(leader.uuid),
          begun_(now),
          survey_(Survey::start(dependencies_.transport, leader.addresses, /*members=*/true,
                                survey_check(dependencies_.certificates_name_nodes, *status_->view),
                                dependencies_.timing.request_timeout, call.wake)),
          place_(std::move(place)) {}

    std::optional<ApiResponse> look(Instant now) override {
        if (!survey_->done() && now < deadline()) return std::nullopt;
        return members_response(dependencies_, *status_, view(), begun_);
    }
    [[nodiscard]] Instant deadline() const override {
        return begun_ + dependencies_.timing.request_timeout;
    }
    ApiResponse end(Instant) override { return about_to_end(); }

  private:
    std::optional<View> view() const {
        auto answers = survey_->answers();
        for (std::size_t i = 0; i < answers.size(); ++i) {
            if (!answers[i].reply) continue;
            if (answers[i].reply->from.uuid !=
                leader_) {  // the host name may point to another node by now
                dependencies_.transport.refresh(survey_->targets()[i]);
                continue;
            }
            auto& reply = std::get<StatusReply>(answers[i].reply->body);
            if (reply.members) return View{std::move(*reply.members), leader_};
        }
        return std::nullopt;
    }

    const ControlDependencies& dependencies_;
    const std::shared_ptr<const Status> status_;  // as it was when we were asked
    const NodeUuid leader_;
    const Instant begun_;
    const std::shared_ptr<Survey> survey_;
    const Places::Place place_;
};

}  // namespace

ApiAnswer answer_members(const Call& call) {
    const auto& dependencies = call.dependencies;
    auto status = dependencies.board.read();
    const auto now = dependencies.now();
    if (status->leads_at(now))
        return members_response(dependencies, *status, own_view(*status, now), now);
    const auto* const leader = leader_to_ask(*status, now);
    if (!leader) return members_response(dependencies, *status, std::nullopt, now);
    auto place = call.waiting.take();
    if (!place) return too_many_waiting();
    return now_or_later(
        std::make_unique<LeadersView>(call, std::move(status), *leader, now, std::move(*place)),
        now);
}

}  // namespace electiond
