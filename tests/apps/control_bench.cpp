// A control API over what the test fills.
#include "control_bench.h"

#include <Poco/JSON/Parser.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "wire/codec.h"

namespace electiond::testing {

void PlayedPeers::send(const Endpoint& to, Request request, std::chrono::milliseconds,
                       OnResponse on_response) noexcept {
    const auto address = to.to_string();
    asked[address].push_back(request.body);
    if (silent_[address]) {
        owed_.emplace_back(address, std::move(on_response));
        return;
    }
    auto& next = answers_[address];
    if (next.empty()) return on_response({Response::Kind::unreachable, "connection refused"});
    const auto answer = next.front();
    if (next.size() > 1) next.erase(next.begin());
    on_response(answer);
}

void PlayedPeers::stop() noexcept {
    for (const auto& [address, each] : std::exchange(owed_, {})) {
        each({Response::Kind::unreachable, "stopped"});
    }
}

void PlayedPeers::answers(const std::string& address, const PeerReply& reply) {
    answers_in_turn(address, {reply});
}
void PlayedPeers::answers(const std::string& address, Response answer) {
    answers_[address] = {std::move(answer)};
}
void PlayedPeers::answers_in_turn(const std::string& address,
                                  const std::vector<PeerReply>& replies) {
    answers_[address].clear();
    for (const auto& reply : replies) {
        answers_[address].push_back({Response::Kind::ok, wire::encode(reply)});
    }
}
void PlayedPeers::is_silent(const std::string& address) { silent_[address] = true; }
void PlayedPeers::answers_late(const std::string& address, const PeerReply& reply) {
    const auto owed = std::ranges::find(owed_, address, &std::pair<std::string, OnResponse>::first);
    ASSERT_NE(owed, owed_.end());
    const auto on_response = std::move(owed->second);
    owed_.erase(owed);
    on_response({Response::Kind::ok, wire::encode(reply)});
}

ControlBench::ControlBench() {
    board.publish(blank());
    pulse.sleeps_until(kNever);
}

ControlDependencies ControlBench::dependencies() {
    return {.board = board,
            .pulse = pulse,
            .grants = grants,
            .journal = journal,
            .counters = counters,
            .transport = transport,
            .post = [this](Event event) { return mailbox(std::move(event)); },
            .discoveries = [this] { return reports; },
            .timing = Timing::from(1000ms),
            .transport_plugin = "http",
            .version = "0.1.0",
            .now = [this] { return now; },
            .wall_now = [this] { return wall; }};
}

Shown ControlBench::blank() const {
    Shown status;
    status.index = (1ULL << 32) + 1;
    status.view.id = NodeId("1");
    status.view.uuid = NodeUuid("uuid-1");
    status.view.cluster = "demo";
    status.view.cluster_id = "cluster-id";
    status.view.api = "127.0.0.1:3001";
    status.view.address = {"127.0.0.1", 4001};
    status.term = 7;
    status.view.role = MemberRole::voter;
    status.view.role_confirmed = true;
    status.view.config = {.term = 1, .version = 3};
    for (const char* id : {"1", "2", "3"}) {
        status.view.voters.push_back({NodeId(id), NodeUuid(std::string("uuid-") + id)});
        if (*id == '1') continue;
        status.view.peers.push_back(
            {.id = NodeId(id),
             .uuid = NodeUuid(std::string("uuid-") + id),
             .addresses = {{"127.0.0.1", static_cast<std::uint16_t>(4000 + std::stoi(id))}},
             .api = std::string("127.0.0.1:300") + id,
             .heard = now});
    }
    status.view.quorum = 2;
    status.view.priority = 100;
    status.view.eligible = true;
    status.view.started = now - 90s;
    return status;
}

Shown ControlBench::leading(Duration lease) const {
    auto status = blank();
    status.leadership.in_office = true;
    status.view.voted_for = "1";
    status.leadership.token = 7;
    status.leadership.lease_until = now + lease;
    status.members.list = {member("1", 0ms), member("2", 20ms), member("3", std::nullopt)};
    status.members.at = now;
    return status;
}

Shown ControlBench::following(Duration promise) const {
    auto status = blank();
    status.view.followed = Followed{NodeUuid("uuid-2"), NodeId("2")};
    status.leadership.followed_until = now + promise;
    return status;
}

PeerReply ControlBench::reply(const std::string& id, const std::string& state) {
    const bool leads = state == "LEADER";
    const auto port = static_cast<std::uint16_t>(4000 + std::stoi(id));
    return {.from = {.cluster_id = "cluster-id",
                     .cluster_name = "demo",
                     .uuid = NodeUuid("uuid-" + id),
                     .id = NodeId(id),
                     .incarnation = "incarnation-" + id,
                     .address = Endpoint{"127.0.0.1", port},
                     .api = "127.0.0.1:300" + id},
            .term = 7,
            .body = StatusReply{.port = static_cast<std::uint16_t>(3000 + std::stoi(id)),
                                .state = parse_state(state).value(),
                                .role = MemberRole::voter,
                                .leader_id = leads ? std::optional(id) : std::nullopt,
                                .is_leader = leads,
                                .lease_remaining = leads ? 800ms : 0ms,
                                .uptime = 60,
                                .config = {.term = 1, .version = 3},
                                .voters = 3,
                                .version = "0.1.0"}};
}

Member ControlBench::member(const std::string& id, std::optional<Milliseconds> ack) {
    return {.id = NodeId(id),
            .uuid = NodeUuid("uuid-" + id),
            .addresses = {{"127.0.0.1", static_cast<std::uint16_t>(4000 + std::stoi(id))}},
            .api = "127.0.0.1:300" + id,
            .role = MemberRole::voter,
            .last_ack = ack,
            .rtt = ack && *ack > 0ms ? std::optional<Duration>(350us) : std::nullopt,
            .eligible = true,
            .priority = 100};
}

ApiResponse ControlBench::answer(ControlRoutes& routes, const ApiRequest& request) {
    auto answered = routes.answer(request, kNobody);
    if (std::holds_alternative<ApiResponse>(answered)) return at_once(std::move(answered));
    const auto later = parked(std::move(answered));
    for (;;) {
        now = std::max(now, later->deadline());
        if (auto response = later->look(now)) return *response;
        EXPECT_GT(later->deadline(), now) << "it is over, or goes on later";
    }
}

ApiLimits with(const std::function<void(ApiLimits&)>& change) {
    ApiLimits limits;
    change(limits);
    return limits;
}

ApiResponse at_once(ApiAnswer answer) {
    EXPECT_TRUE(std::holds_alternative<ApiResponse>(answer)) << "it is parked";
    return std::get<ApiResponse>(std::move(answer));
}
std::unique_ptr<ParkedAnswer> parked(ApiAnswer answer) {
    EXPECT_FALSE(std::holds_alternative<ApiResponse>(answer)) << "it is answered at once";
    return std::get<std::unique_ptr<ParkedAnswer>>(std::move(answer));
}

ApiRequest get(const std::string& target) { return {.method = "GET", .target = target}; }
ApiRequest post(const std::string& target, const std::string& body) {
    return {.method = "POST", .target = target, .body = body};
}

Poco::JSON::Object::Ptr json(const std::string& text) {
    return Poco::JSON::Parser().parse(text).extract<Poco::JSON::Object::Ptr>();
}
Poco::JSON::Object::Ptr json(const ApiResponse& response) { return json(response.body); }

Poco::JSON::Object::Ptr problem(const ApiResponse& response, int status) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.type, "application/problem+json");
    const auto object = json(response);
    EXPECT_EQ(object->getValue<int>("status"), status);
    EXPECT_FALSE(object->getValue<std::string>("type").empty());
    EXPECT_FALSE(object->getValue<std::string>("detail").empty());
    EXPECT_EQ(object->getValue<std::string>("error"), object->getValue<std::string>("title"));
    return object;
}

std::string header(const ApiResponse& response, const std::string& name) {
    const auto found =
        std::ranges::find(response.headers, name, &std::pair<std::string, std::string>::first);
    return found == response.headers.end() ? "" : found->second;
}

}  // namespace electiond::testing
