// Makes the JSON of one change, for GET /events and GET /history.
#include "control/event_json.h"

#include <Poco/DateTimeFormatter.h>
#include <Poco/Timestamp.h>

#include <utility>
#include <variant>

#include "election/overloaded.h"
#include "node/change_text.h"

namespace electiond {
namespace {

EventJson leader_json(const Entry& entry, const LeaderGained& gain) {
    return {"leader",
            {{"leaderId", shown_name(gain.leader)},
             {"uuid", gain.leader.uuid},
             {"term", gain.leader.token},
             {"fencingToken", gain.own ? gain.leader.token : 0},
             {"isLeader", gain.own},
             {"previous", shown_name(entry.previous)},
             {"reason", to_string(gain.reason)},
             {"gapMs", entry.gap},
             {"electionMs", entry.election}}};
}

EventJson no_leader_json(const Entry& entry, const LeaderLost& loss) {
    return {"no-leader",
            {{"leaderId", nullptr},
             {"isLeader", false},
             {"previous", shown_name(entry.previous)},
             {"term", loss.term},
             {"reason", to_string(loss.reason)}}};
}

EventJson state_json(const StateChanged& change, const Showing& showing) {
    const bool leads = change.state == State::leader;
    // When an old entry is shown, its lead may be over, or this node may lead in a later term.
    const auto& leadership = showing.status.leadership;
    const bool still = leads && leadership.token_at(showing.now) == change.term;
    return {
        "state",
        {{"state", to_string(change.state)},
         {"isLeader", leads},
         {"term", change.term},
         {"fencingToken", leads ? change.term : 0},
         {"leaseRemainingMs", still ? leadership.lease_remaining(showing.now) : Milliseconds{0}},
         {"reason", to_string(change.reason)}}};
}

EventJson membership_json(const VotersChanged& change) {
    return {"membership",
            {{"change", change.came ? "joined" : "left"},
             {"id", change.voter.id},
             {"uuid", change.voter.uuid},
             {"voters", change.voters},
             {"quorum", change.quorum},
             {"configTerm", change.config.term},
             {"configVersion", change.config.version},
             {"reason", to_string(change.reason)}}};
}

EventJson peer_json(const PeerNoted& noted) {
    return {"peer",
            {{"change", "noted"}, {"id", noted.id}, {"uuid", noted.uuid}, {"term", noted.term}}};
}

EventJson peer_json(const VoterSilent& silent) {
    return {"peer",
            {{"change", "silent"},
             {"id", silent.subject.voter.id},
             {"uuid", silent.subject.voter.uuid},
             {"term", silent.term},
             {"why", silent.subject.why.empty() ? Json() : Json(silent.subject.why)},
             {"awayMs", silent.away},
             {"answering", silent.answering},
             {"voters", silent.voters},
             {"canLose", silent.can_lose},
             {"reason", to_string(VoterSilent::reason)}}};
}

EventJson peer_json(const VoterBack& back) {
    return {"peer",
            {{"change", "back"},
             {"id", back.voter.id},
             {"uuid", back.voter.uuid},
             {"term", back.term},
             {"awayMs", back.away},
             {"reason", to_string(VoterBack::reason)}}};
}

template <class Voters>
Json ids_of(const Voters& voters) {
    std::vector<Json> ids;
    for (const auto& each : voters) {
        if constexpr (requires { each.voter; }) {
            ids.emplace_back(each.voter.id);
        } else {
            ids.emplace_back(each.id);
        }
    }
    return json_array(ids);
}

// A problem that lasts; GET /status lists it in `problems`, too.
template <class Trouble>
EventJson problem_json(const Trouble& trouble, JsonFields more) {
    const auto about = subject_of(trouble);
    JsonFields fields{{"reason", to_string(Trouble::reason)},
                      {"id", about.empty() ? Json() : Json(about)},
                      {"detail", sentence(trouble)}};
    fields.insert(fields.end(), more.begin(), more.end());
    return {"problem", std::move(fields)};
}

EventJson problem_json(const QuorumMissing& missing) {
    return problem_json(missing, {{"term", missing.term},
                                  {"quorum", missing.quorum},
                                  {"answering", ids_of(missing.answering)},
                                  {"silent", ids_of(missing.silent)}});
}

EventJson problem_json(const NobodyMayLead& barred) {
    return problem_json(barred, {{"term", barred.term},
                                 {"answering", ids_of(barred.answering)},
                                 {"silent", ids_of(barred.silent)}});
}

EventJson problem_json(const FounderAwaited& awaited) {
    return problem_json(awaited, {{"heard", awaited.heard}, {"founders", awaited.founders}});
}

EventJson problem_json(const Report& report) {
    return {"problem",
            {{"reason", to_string(report.reason)},
             {"id", report.subject.empty() ? Json() : Json(report.subject)},
             {"detail", report.detail},
             {"term", report.term}}};
}

}  // namespace

EventJson event_json(const Entry& entry, const Showing& showing) {
    auto event =
        std::visit(overloaded{
                       [&](const LeaderGained& gain) { return leader_json(entry, gain); },
                       [&](const LeaderLost& loss) { return no_leader_json(entry, loss); },
                       [&](const StateChanged& change) { return state_json(change, showing); },
                       [](const VotersChanged& change) { return membership_json(change); },
                       [](const PeerNoted& noted) { return peer_json(noted); },
                       [](const Report& report) { return problem_json(report); },
                       [](const VoterSilent& silent) { return peer_json(silent); },
                       [](const VoterBack& back) { return peer_json(back); },
                       [](const QuorumMissing& missing) { return problem_json(missing); },
                       [](const NobodyMayLead& barred) { return problem_json(barred); },
                       [](const FounderAwaited& awaited) { return problem_json(awaited); },
                   },
                   entry.change);
    event.data.insert(event.data.begin(), {{"index", entry.index}, {"at", utc(entry.at, showing)}});
    return event;
}

EventJson state_json(const Showing& showing, Reason reason) {
    const auto& status = showing.status;
    const auto now = showing.now;
    return {"state",
            {{"at", utc(now, showing)},
             {"state", to_string(status.leadership.state_at(now))},
             {"isLeader", status.leads_at(now)},
             {"term", status.term},
             {"fencingToken", status.leadership.token_at(now)},
             {"leaseRemainingMs", status.leadership.lease_remaining(now)},
             {"reason", to_string(reason)}}};
}

std::string utc(Instant at, const Showing& showing) {
    using namespace std::chrono;
    const auto ago = duration_cast<system_clock::duration>(showing.now - at);
    const auto since_epoch = duration_cast<microseconds>((showing.wall - ago).time_since_epoch());
    return Poco::DateTimeFormatter::format(Poco::Timestamp(since_epoch.count()),
                                           "%Y-%m-%dT%H:%M:%S.%iZ");
}

Json shown_name(const KnownLeader& leader) {
    return leader.id.empty() ? Json(leader.uuid) : Json(leader.id);
}

Json shown_name(const std::optional<NodeId>& id) { return id && !id->empty() ? Json(*id) : Json(); }

}  // namespace electiond
