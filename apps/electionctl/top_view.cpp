// The state of a cluster from the API's answers, as plain data; pure.
#include "electionctl/top_view.h"

#include <algorithm>
#include <ranges>

#include "electionctl/record.h"

namespace electiond::ctl {
namespace {

void fill(std::string& field, const std::string& value) {
    if (field.empty()) field = value;
}

NodeRow& row_of(View& view, const std::string& id) {
    const auto found = std::ranges::find(view.rows, id, &NodeRow::id);
    if (found != view.rows.end()) return *found;
    view.rows.push_back({.id = id, .state = "OFFLINE"});
    return view.rows.back();
}

void add_cluster(View& view, const Record& cluster) {
    for (const Record& record : cluster.list("cluster")) {
        NodeRow row{.id = record.text("id"),
                    .role = record.text("role"),
                    .state = record.text("state"),
                    .term = record.text("term"),
                    .leader = record.text("leaderId"),
                    .api = record.text("api"),
                    .trouble = record.text("error"),
                    .online = record.flag("online").value_or(false)};
        if (record.flag("isLeader").value_or(false))
            row.lease_ms = record.number("leaseRemainingMs");
        if (!row.online) row.state = "OFFLINE";
        view.rows.push_back(std::move(row));
    }
    const Record leader = cluster.at("leader");
    view.leader = leader.text("id");
    view.leader_api = leader.text("api");
    view.token = leader.text("fencingToken");
    view.term = leader.empty() ? cluster.text("term") : leader.text("term");
    view.name = cluster.text("name");
    fill(view.name, leader.text("cluster"));
    view.voters = cluster.count("voters");
    view.quorum = cluster.number("quorum");
    view.can_lose = cluster.number("canLose");
    for (const Record& problem : cluster.list("problems")) {
        const std::string reason = problem.text("reason");
        if (reason == "nobody_may_lead" || reason == "founder_awaited") {
            view.obstacle = problem.text("detail");
        }
    }
}

// Only a leader knows these figures. Without one, or in an old view that a node has kept (asOfMs),
// they are out of date and left out.
void add_members(View& view, const Poco::Dynamic::Var& answer) {
    const bool fresh = !view.leader.empty() && !Record(answer).number("asOfMs");
    for (const Record& member : records_of(answer)) {
        if (member.text("id").empty()) continue;
        NodeRow& row = row_of(view, member.text("id"));
        fill(row.role, member.text("role"));
        fill(row.api, member.text("api"));
        if (!fresh || row.id == view.leader) continue;
        row.contact_ms = member.number("lastContactMs");
        row.rtt_ms = member.number("rttMs");
    }
}

void add_status(View& view, const Record& status) {
    if (status.empty()) return;
    fill(view.name, status.text("cluster"));
    view.version = status.text("version");
    if (const auto seconds = status.number("uptime")) view.uptime_ms = *seconds * 1000;
    if (!view.voters) view.voters = status.count("voters");
    if (!view.quorum) view.quorum = status.number("quorum");
    if (!status.flag("isLeader").value_or(false) || status.text("id") != view.leader) return;
    view.token = status.text("fencingToken");
    row_of(view, view.leader).lease_ms = status.number("leaseRemainingMs");
}

std::string offline_voters(const View& view) {
    std::string ids;
    for (const NodeRow& row : view.rows) {
        if (!row.online && row.role == "voter")
            ids += (ids.empty() ? "; offline: " : ", ") + row.id;
    }
    return ids;
}

// The leader that the answering nodes report, if it does not answer itself; else empty. It may be
// dead, or unreachable only for the node that we asked.
std::string silent_leader(const View& view) {
    for (const NodeRow& row : view.rows) {
        const auto named = std::ranges::find(view.rows, row.leader, &NodeRow::id);
        if (row.online && named != view.rows.end() && !named->online) return row.leader;
    }
    return {};
}

Health health_without_leader(const View& view) {
    const auto reachable = std::ranges::count_if(
        view.rows, [](const NodeRow& row) { return row.online && row.role == "voter"; });
    if (!view.voters || *view.voters == 0) {
        const bool reported = !view.obstacle.empty();
        return {Tint::bad,
                "no leader" + (reported ? ": " + view.obstacle : ", and no voters known")};
    }
    const std::string count =
        std::to_string(reachable) + " of " + std::to_string(*view.voters) + " voters reachable";
    const auto needed = view.quorum.value_or(*view.voters / 2 + 1);
    if (reachable < needed)
        return {Tint::bad, "no leader: " + count + ", " + std::to_string(needed) + " needed"};
    if (!view.obstacle.empty()) return {Tint::bad, "no leader: " + view.obstacle};
    if (const std::string silent = silent_leader(view); !silent.empty())
        return {Tint::warn,
                "leader " + silent + " does not answer: " + count + ", and may elect a new leader"};
    return {Tint::warn, "no leader: " + count + ", an election is due"};
}

Health health_of(const View& view, const Record& cluster) {
    if (const auto claims = cluster.list("leaders"); claims.size() > 1) {
        std::string text = std::to_string(claims.size()) + " nodes claim to lead:";
        for (const Record& claim : claims) text += " " + claim.text("id");
        return {Tint::bad, text};
    }
    if (view.leader.empty()) return health_without_leader(view);
    if (view.voters == 1)
        return {Tint::warn, "node " + view.leader + " leads as the only voter: can lose none"};
    if (!view.can_lose)
        return {Tint::good, "node " + view.leader + " leads" + offline_voters(view)};
    if (*view.can_lose <= 0)
        return {Tint::warn, "at its limit: can lose none" + offline_voters(view)};
    return {Tint::good,
            "healthy: can lose " + std::to_string(*view.can_lose) + " more" + offline_voters(view)};
}

bool before(const NodeRow& a, const NodeRow& b) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    const bool numbers = std::ranges::all_of(a.id, digit) && std::ranges::all_of(b.id, digit);
    if (numbers && a.id.size() != b.id.size()) return a.id.size() < b.id.size();
    return a.id < b.id;
}

// Fills in missing values that follow from the others.
void complete(View& view) {
    const auto voters = std::ranges::count(view.rows, "voter", &NodeRow::role);
    if (!view.voters && voters > 0) view.voters = voters;
    if (!view.quorum && view.voters) view.quorum = *view.voters / 2 + 1;
    if (view.can_lose || !view.quorum || voters == 0) return;
    view.can_lose =
        std::ranges::count_if(
            view.rows, [](const NodeRow& row) { return row.online && row.role == "voter"; }) -
        *view.quorum;
}

}  // namespace

View make_view(const Sources& sources) {
    View view{.endpoint = sources.endpoint};
    const Record cluster(sources.cluster);
    add_cluster(view, cluster);
    add_members(view, sources.members);
    add_status(view, Record(sources.status));
    complete(view);
    std::ranges::stable_sort(view.rows, before);
    view.health = health_of(view, cluster);
    return view;
}

}  // namespace electiond::ctl
