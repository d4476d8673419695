// Answers requests for the state of this node: /status, /follower, /livez, /readyz.
#include <Poco/DateTimeFormatter.h>
#include <Poco/Timestamp.h>

#include <algorithm>

#include "control/answers.h"
#include "control/record.h"

namespace electiond {
namespace {

Json peer_list(const std::vector<PeerStatus>& peers) {
    std::vector<Json> list;
    for (const auto& peer : peers) {
        const auto address = shown_address(peer.addresses);
        const auto api = shown_api(peer.api, address);
        list.push_back(json_object({{"id", shown_id(peer)},
                                    {"port", port_of(api ? api : address)},
                                    {"address", address}}));
    }
    return json_array(list);
}

// Each call that fails or hangs, and for how long.
Json fault_list(const std::vector<ScoutFault>& faults, Instant now) {
    std::vector<Json> list;
    for (const auto& fault : faults) {
        list.push_back(json_object({{"call", fault.call},
                                    {"error", fault.error},
                                    {"sinceMs", Json(now - fault.since)},
                                    {"hangs", fault.hangs}}));
    }
    return json_array(list);
}

Json last_failure(const ScoutFailure& failure, Instant now) {
    return json_object({{"call", failure.call},
                        {"error", failure.error},
                        {"ageMs", Json(now - failure.at)},
                        {"hung", failure.hung}});
}

// The report may be younger than `now`.
Json age_of_answer(const ScoutReport& report, Instant now) {
    return report.good_at ? Json(std::max(now - *report.good_at, Duration{0})) : Json();
}

Json discovery_list(const std::vector<ScoutReport>& reports, Instant now) {
    std::vector<Json> list;
    for (const auto& report : reports) {
        JsonFields fields{{"plugin", report.plugin},
                          {"ageMs", age_of_answer(report, now)},
                          {"peers", report.peers}};
        if (report.last_failure) {
            fields.emplace_back("lastFailure", last_failure(*report.last_failure, now));
        }
        if (!report.fault.empty()) {
            fields.emplace_back("error", report.fault);
            fields.emplace_back("failing", fault_list(report.faults, now));
        }
        list.push_back(json_object(fields));
    }
    return json_array(list);
}

Json counter_list(const Counters& counters) {
    const auto milliseconds = [](const Count& nanoseconds) {
        return Json(std::chrono::nanoseconds(nanoseconds.value()));
    };
    return json_object({{"events", counters.events.value()},
                        {"lateMs", milliseconds(counters.late_ns)},
                        {"campaigns", counters.campaigns.value()},
                        {"votesGranted", counters.votes_granted.value()},
                        {"votesRefused", counters.votes_refused.value()},
                        {"heartbeatsSent", counters.heartbeats_sent.value()},
                        {"heartbeatsFailed", counters.heartbeats_failed.value()},
                        {"writes", counters.writes.value()},
                        {"writeMs", milliseconds(counters.write_ns)}});
}

// The certificate that each port shows; nullopt without TLS.
std::optional<Json> certificate_list(const ControlDependencies& dependencies) {
    using namespace std::chrono;
    const auto certificates = dependencies.certificates();
    if (certificates.empty()) return std::nullopt;
    JsonFields list;
    for (const auto& each : certificates) {
        const auto expires =
            Poco::Timestamp::fromEpochTime(each.not_after.time_since_epoch().count());
        list.emplace_back(
            each.port,
            json_object(
                {{"expires", Poco::DateTimeFormatter::format(expires, "%Y-%m-%dT%H:%M:%SZ")},
                 {"daysLeft", floor<days>(each.not_after - dependencies.wall_now()).count()}}));
    }
    return json_object(list);
}

// Begins with a capital and ends with a full stop.
std::string as_sentence(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] -= 'a' - 'A';
    return text + '.';
}

// Why this node neither leads nor follows a leader.
std::string no_leader_reason(const Status& status) {
    if (status.leadership.draining) return "This node is handing its leadership over.";
    if (status.view->role == MemberRole::joining || status.view->voters.empty()) {
        // A problem, for example a founder that is missing, has its own sentence with the reason.
        const auto& why = status.view->why_not_joined;
        return "This node has not joined a cluster yet: no leader has accepted it" +
               (why.empty() || !status.view->problems.empty() ? "" : " (" + why + ")") + ".";
    }
    return "No leader is heard: a leader needs " + std::to_string(status.view->quorum) + " of " +
           std::to_string(status.view->voters.size()) + " voters that reach one another.";
}

// Why the role of this node is not settled yet; nullopt if it is. Called only while there is a
// leader.
std::optional<std::string> unsettled_reason(const Status& status, const Timing& timing) {
    const auto namesake = std::ranges::find_if(status.view->voters, [&](const Voter& voter) {
        return voter.id == status.view->id && voter.uuid != status.view->uuid;
    });
    const bool observes = status.view->role == MemberRole::observer;
    if (observes && status.view->observer) return std::nullopt;
    if (namesake != status.view->voters.end()) {
        return "Another voter has this node's id " + status.view->id.value + " (uuid " +
               namesake->uuid.value +
               "). If it is this node before it lost its data, this node replaces it after " +
               std::to_string(2 * timing.election_timeout.count()) + " ms of silence (" +
               std::to_string(timing.dead_after.count()) +
               " ms if the address is another); if not, give one of the two another node.id.";
    }
    if (observes) {
        return "This node has no vote yet: the leader makes it a voter or a standby after " +
               std::to_string(timing.stable_after.count()) + " ms of steady answers.";
    }
    if (status.view->role_confirmed) return std::nullopt;
    return "The leader has not confirmed this node as a " +
           std::string(to_string(status.view->role)) +
           " yet: a quorum must hold configuration version " +
           std::to_string(status.view->config.version) + ", and the leader must hear this node.";
}

// Why a rolling restart must not continue with the next node; empty if it may.
std::vector<Json> reasons_not_ready(const Status& status, const Timing& timing, Instant now) {
    std::vector<Json> reasons;
    if (status.view->role == MemberRole::removed) {
        reasons.emplace_back("This node was removed from the cluster for good.");
    } else if (!status.leads_at(now) && !status.leadership.follows_at(now)) {
        reasons.emplace_back(no_leader_reason(status));
    } else if (auto why = unsettled_reason(status, timing)) {
        reasons.emplace_back(std::move(*why));
    }
    for (const auto& problem : status.view->problems) {
        if (!reasons.empty()) reasons.emplace_back(as_sentence(problem.detail));
    }
    return reasons;
}

}  // namespace

JsonFields status_fields(const ControlDependencies& dependencies, const Status& status,
                         Instant now) {
    const auto& view = *status.view;
    const auto api = shown_api(view.api, view.address);
    JsonFields fields{{"id", view.id},
                      {"port", port_of(api)},
                      {"state", to_string(status.leadership.state_at(now))},
                      {"term", status.term},
                      {"votedFor", view.voted_for},
                      {"leaderId", status.leader_at(now)},
                      {"peers", peer_list(view.peers)},
                      {"uptime", std::chrono::duration<double>(now - view.started).count()},
                      {"cluster", view.cluster},
                      {"clusterId", view.cluster_id},
                      {"uuid", view.uuid},
                      {"address", view.address},
                      {"api", api},
                      {"role", to_string(view.role)},
                      {"isLeader", status.leads_at(now)},
                      {"fencingToken", status.leadership.token_at(now)},
                      {"leaseRemainingMs", status.leadership.lease_remaining(now)},
                      {"configVersion", view.config.version},
                      {"configTerm", view.config.term},
                      {"voters", view.voters.size()},
                      {"quorum", view.quorum},
                      {"priority", view.priority},
                      {"eligible", view.eligible},
                      {"draining", status.leadership.draining},
                      {"transport", dependencies.transport_plugin},
                      {"discovery", discovery_list(dependencies.discoveries(), now)},
                      {"problems", problem_list(view, dependencies.problems(), now)},
                      {"counters", counter_list(dependencies.counters)},
                      {"version", dependencies.version},
                      {"index", status.index}};
    if (const auto keys = dependencies.pending_restart(); !keys.empty()) {
        fields.emplace_back("pendingRestart", json_array({keys.begin(), keys.end()}));
    }
    if (auto certificates = certificate_list(dependencies)) {
        fields.emplace_back("tls", std::move(*certificates));
    }
    return fields;
}

ApiAnswer answer_status(const Call& call) {
    const auto status = call.dependencies.board.read();
    return answer(200,
                  json_object(status_fields(call.dependencies, *status, call.dependencies.now())));
}

ApiAnswer answer_follower(const Call& call) {
    const auto status = call.dependencies.board.read();
    const auto now = call.dependencies.now();
    const bool leads = status->leads_at(now);
    const bool follows = !leads && status->leadership.follows_at(now);
    return answer(follows ? 200 : 503, json_object({{"leaderId", status->leader_at(now)},
                                                    {"isLeader", leads},
                                                    {"term", status->term},
                                                    {"index", status->index}}));
}

ApiAnswer answer_livez(const Call& call) {
    if (call.dependencies.pulse.beats(call.dependencies.now())) {
        return answer(200, json_object({{"alive", true}}));
    }
    return answer(Problem{503, "The election loop is stuck",
                          "It has handled no event for a second; restart the daemon."});
}

ApiAnswer answer_readyz(const Call& call) {
    const auto& dependencies = call.dependencies;
    const auto reasons =
        reasons_not_ready(*dependencies.board.read(), dependencies.timing, dependencies.now());
    if (reasons.empty()) return answer(200, json_object({{"ready", true}}));
    return answer(503, json_object({{"ready", false}, {"reasons", json_array(reasons)}}));
}

}  // namespace electiond
