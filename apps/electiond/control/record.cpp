// One node as /cluster and /status show it.
#include "control/record.h"

#include "settings/address.h"

namespace electiond {

PeerReply own_reply(const Status& status, Instant now, const std::string& version) {
    const auto uptime = std::chrono::floor<std::chrono::seconds>(now - status.view->started);
    return {.from = {.cluster_id = status.view->cluster_id,
                     .cluster_name = status.view->cluster,
                     .uuid = status.view->uuid,
                     .id = status.view->id,
                     .address = status.view->address,
                     .api = status.view->api},
            .term = status.term,
            .body = StatusReply{.state = status.leadership.state_at(now),
                                .role = status.view->role,
                                .leader_id = status.leader_at(now),
                                .is_leader = status.leads_at(now),
                                .lease_remaining = status.leadership.lease_remaining(now),
                                .uptime = static_cast<std::uint64_t>(uptime.count()),
                                .voted_for = status.view->voted_for,
                                .config = status.view->config,
                                .voters = status.view->voters.size(),
                                .version = version}};
}

Json problem_list(const NodeView& view, const std::vector<DaemonProblem>& more, Instant now) {
    std::vector<Json> list;
    for (const auto& problem : view.problems) {
        list.push_back(
            json_object({{"reason", to_string(problem.reason)},
                         {"id", problem.subject.empty() ? Json() : Json(problem.subject)},
                         {"detail", problem.detail},
                         {"sinceMs", Json(now - problem.since)}}));
    }
    for (const auto& problem : more) {
        list.push_back(json_object({{"reason", problem.reason},
                                    {"id", Json()},
                                    {"detail", problem.detail},
                                    {"sinceMs", Json(now - problem.since)}}));
    }
    return json_array(list);
}

Json online_record(const PeerReply& reply, const Endpoint& asked) {
    const auto& status = std::get<StatusReply>(reply.body);
    const auto address = reply.from.address.value_or(asked);
    const auto api = shown_api(reply.from.api, address);
    return json_object({{"id", reply.from.id},
                        {"port", status.port ? status.port : port_of(api)},
                        {"state", to_string(status.state)},
                        {"term", reply.term},
                        {"leaderId", status.leader_id},
                        {"online", true},
                        {"address", address},
                        {"api", api},
                        {"isLeader", status.is_leader},
                        {"role", to_string(status.role)},
                        {"leaseRemainingMs", status.lease_remaining},
                        {"uptime", status.uptime},
                        {"uuid", reply.from.uuid},
                        {"clusterId", reply.from.cluster_id},
                        {"votedFor", status.voted_for},
                        {"configTerm", status.config.term},
                        {"configVersion", status.config.version},
                        {"voters", status.voters},
                        {"version", status.version}});
}

Json offline_record(const PeerStatus& peer, bool voter, const std::string& error) {
    const auto address = shown_address(peer.addresses);
    const auto api = shown_api(peer.api, address);
    return json_object({{"id", shown_id(peer)},
                        {"port", port_of(api)},
                        {"state", "OFFLINE"},
                        {"online", false},
                        {"error", error},
                        {"address", address},
                        {"api", api},
                        {"isLeader", false},
                        {"role", voter ? Json("voter") : Json()},
                        {"uuid", peer.uuid.empty() ? Json() : Json(peer.uuid)}});
}

std::string shown_id(const PeerStatus& peer) {
    if (!peer.id.empty() || peer.addresses.empty()) return peer.id.value;
    return peer.addresses.front().to_string();
}

std::optional<Endpoint> shown_address(const std::vector<Endpoint>& addresses) {
    return addresses.empty() ? std::nullopt : std::optional(addresses.front());
}

std::optional<Endpoint> shown_api(const std::string& api,
                                  const std::optional<Endpoint>& transport) {
    auto endpoint = Endpoint::parse(api);
    if (endpoint && transport && is_wildcard(*endpoint)) endpoint->host = transport->host;
    return endpoint;
}

std::optional<std::uint16_t> port_of(const std::optional<Endpoint>& endpoint) {
    return endpoint ? std::optional(endpoint->port) : std::nullopt;
}

}  // namespace electiond
