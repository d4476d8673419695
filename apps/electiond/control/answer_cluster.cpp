// /cluster: every node that membership or discovery knows, asked at once.
#include <algorithm>
#include <map>
#include <set>

#include "control/answers.h"
#include "control/record.h"
#include "node/survey.h"

namespace electiond {
namespace {

constexpr std::size_t kAddressesMax = 4;  // of one peer that are tried
constexpr int kRounds = 2;

struct Shown {
    std::string id;
    NodeUuid uuid;
    Json record;
    bool leads = false;
    bool ours = false;  // of our cluster id
    Term term = 0;
};

// One address of a node that is asked.
struct Asked {
    const PeerStatus* peer;
    Endpoint at;
};

std::vector<Asked> whom_to_ask(const std::vector<PeerStatus>& peers) {
    std::vector<Asked> asked;
    for (const auto& peer : peers) {
        const auto count = std::min(peer.addresses.size(), kAddressesMax);
        for (std::size_t i = 0; i < count; ++i) asked.push_back({&peer, peer.addresses[i]});
    }
    return asked;
}

Shown shown(const PeerReply& reply, const Endpoint& asked, const Status& own) {
    return {.id = reply.from.id.value,
            .uuid = reply.from.uuid,
            .record = online_record(reply, asked),
            .leads = std::get<StatusReply>(reply.body).is_leader,
            .ours = reply.from.cluster_id == own.view->cluster_id,
            .term = reply.term};
}

// Why this answer is not from the node we asked; nullopt if it is.
std::optional<std::string> not_asked_for(const PeerReply& reply, const PeerStatus& peer,
                                         const Status& own) {
    if (reply.from.cluster_name != own.view->cluster) {
        return "a node of another cluster answers there: " + reply.from.cluster_name;
    }
    if (!peer.uuid.empty() && peer.uuid != reply.from.uuid) {
        return "another node answers there: " + reply.from.id.value;
    }
    return std::nullopt;
}

// All nodes after one round of requests: those that answered, each uuid once, then those that did
// not: voters, and nodes whose id is in no answer.
std::vector<Shown> look_around(const ControlDependencies& dependencies, const Status& known,
                               const std::vector<Asked>& asked,
                               const std::vector<SurveyAnswer>& answers) {
    const auto own = dependencies.board.read();
    std::vector<Shown> all{
        shown(own_reply(*own, dependencies.now(), dependencies.version), own->view->address, *own)};
    std::set<const PeerStatus*> heard;
    std::map<const PeerStatus*, std::string> silent;  // nodes without an answer, and the reason
    for (const auto& peer : known.view->peers) {
        if (peer.addresses.empty()) silent[&peer] = "no address of it is known";
    }
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const auto& [peer, address] = asked[i];
        const auto& reply = answers[i].reply;
        const auto fault =
            reply ? not_asked_for(*reply, *peer, *own) : std::optional(answers[i].error);
        if (fault) {
            silent.try_emplace(peer, *fault);
            if (reply)
                dependencies.transport.refresh(
                    address);  // the host name may point to another node by now
        } else {
            heard.insert(peer);
        }
        if (reply && reply->from.cluster_name == own->view->cluster &&
            std::ranges::find(all, reply->from.uuid, &Shown::uuid) == all.end()) {
            all.push_back(shown(*reply, address, *own));
        }
    }
    for (const auto& [peer, error] : silent) {
        const auto id = shown_id(*peer);
        const bool voter = std::ranges::find(own->view->voters, peer->uuid, &Voter::uuid) !=
                           own->view->voters.end();
        const bool namesake = std::ranges::find(all, id, &Shown::id) != all.end();
        if (heard.contains(peer) || (namesake && !voter)) continue;
        all.push_back({.id = id, .uuid = {}, .record = offline_record(*peer, voter, error)});
    }
    std::ranges::stable_sort(all, {}, &Shown::id);
    return all;
}

// True if this voter may lead, or if that is unknown.
bool may_lead(const Status& status, const NodeUuid& voter) {
    if (voter == status.view->uuid) return status.view->eligible;
    const auto& members = *status.members->list;
    const auto member = std::ranges::find(members, voter, &Member::uuid);
    return member == members.end() || !member->last_ack || member->eligible;
}

// How many more voters may fail, in the worst case, so that a quorum with an eligible voter is
// left.
std::size_t can_lose(const Status& status, const std::vector<Shown>& all) {
    std::size_t online = 0;
    std::size_t able = 0;
    for (const auto& voter : status.view->voters) {
        if (std::ranges::find(all, voter.uuid, &Shown::uuid) == all.end()) continue;
        ++online;
        if (may_lead(status, voter.uuid)) ++able;
    }
    return electiond::can_lose(online, able, status.view->quorum);
}

ApiResponse cluster_response(const ControlDependencies& dependencies, const std::vector<Shown>& all,
                             const std::vector<Shown>& leaders) {
    std::vector<Json> records;
    for (const auto& each : all) records.push_back(each.record);
    std::vector<Json> claims;
    for (const auto& each : leaders) claims.push_back(each.record);
    const auto status = dependencies.board.read();
    JsonFields fields{{"cluster", json_array(records)}};
    if (const auto leader = std::ranges::max_element(
            leaders, {}, [](const Shown& each) { return std::pair(each.ours, each.term); });
        leader != leaders.end() && (leader->ours || status->view->cluster_id.empty())) {
        fields.emplace_back("leader", leader->record);
    }
    fields.insert(
        fields.end(),
        {{"leaders", json_array(claims)},
         {"term", status->term},
         {"voters", status->view->voters.size()},
         {"quorum", status->view->quorum},
         {"canLose", can_lose(*status, all)},
         {"configTerm", status->view->config.term},
         {"configVersion", status->view->config.version},
         {"problems", problem_list(*status->view, dependencies.problems(), dependencies.now())},
         {"index", status->index}});
    return answer(200, json_object(fields));
}

// Waits for the answers of all nodes.
class ClusterSurvey : public ParkedAnswer {
  public:
    ClusterSurvey(const Call& call, Instant now, Places::Place place)
        : dependencies_(call.dependencies), wake_(call.wake), place_(std::move(place)) {
        ask(now);
    }

    // The answers are not simultaneous: during a hand-over two nodes may correctly answer, one
    // after the other, that they lead. So more than one leader counts only after a second round.
    std::optional<ApiResponse> look(Instant now) override {
        while (survey_->done() || now >= deadline_) {
            const auto all = look_around(dependencies_, *known_, asked_, survey_->answers());
            std::vector<Shown> leaders;
            std::ranges::copy_if(all, std::back_inserter(leaders), &Shown::leads);
            if (leaders.size() < 2 || rounds_ == kRounds)
                return cluster_response(dependencies_, all, leaders);
            ask(now);
        }
        return std::nullopt;
    }
    [[nodiscard]] Instant deadline() const override { return deadline_; }
    ApiResponse end(Instant) override { return about_to_end(); }

  private:
    void ask(Instant now) {
        ++rounds_;
        deadline_ = now + dependencies_.timing.request_timeout;
        known_ = dependencies_.board.read();
        asked_ = whom_to_ask(known_->view->peers);
        std::vector<Endpoint> endpoints;
        for (const auto& each : asked_) endpoints.push_back(each.at);
        survey_ = Survey::start(dependencies_.transport, std::move(endpoints), /*members=*/false,
                                survey_check(dependencies_.certificates_name_nodes, *known_->view),
                                dependencies_.timing.request_timeout, wake_);
    }

    const ControlDependencies& dependencies_;
    const std::function<void()> wake_;
    const Places::Place place_;
    int rounds_ = 0;
    Instant deadline_{};
    std::shared_ptr<const Status> known_;  // when the round began; `asked_` points into it
    std::vector<Asked> asked_;
    std::shared_ptr<Survey> survey_;
};

}  // namespace

ApiAnswer answer_cluster(const Call& call) {
    auto place = call.waiting.take();
    if (!place) return too_many_waiting();
    const auto now = call.dependencies.now();
    return now_or_later(std::make_unique<ClusterSurvey>(call, now, std::move(*place)), now);
}

}  // namespace electiond
