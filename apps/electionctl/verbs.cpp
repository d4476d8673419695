// The verbs that send one request.
#include "electionctl/verbs.h"

#include <algorithm>
#include <ostream>
#include <set>

#include "electionctl/endpoint.h"
#include "electionctl/exit_code.h"
#include "electionctl/leader_poll.h"
#include "electionctl/table.h"
#include "electionctl/top_view.h"

namespace electiond::ctl {
namespace {

std::string yes_or_no(std::optional<bool> flag) { return flag ? (*flag ? "yes" : "no") : ""; }

// A time given as text, or as milliseconds since 1970.
std::string moment(const Record& record, const std::string& key) {
    const auto ms = record.number(key);
    if (!ms || *ms < 0) return record.text(key);
    const auto seconds = static_cast<std::time_t>(*ms / 1000);
    std::tm parts{};
    std::array<char, 32> text{};
    if (!gmtime_r(&seconds, &parts)) return record.text(key);
    text.at(std::strftime(text.data(), text.size(), "%FT%TZ", &parts)) = '\0';
    return text.data();
}

// Prints the answer's own JSON with -o json, and every refusal; returns the exit code if nothing
// else is to be printed.
std::optional<int> shown(const Session& session, const Answer& answer) {
    if (!answer.ok()) return refused(session, answer);
    if (session.arguments.output != Output::json) return std::nullopt;
    session.out << answer.body << '\n';
    return kDone;
}

// "file_registry: 3 nodes, 463 ms ago; fails: …"
std::string in_one_line(const Record& discovery) {
    const auto age = in_words(discovery.number("ageMs"));
    const auto nodes = discovery.text("peers");
    std::string text =
        discovery.text("plugin") + ": " +
        (age.empty() ? "no answer yet"
                     : nodes + (nodes == "1" ? " node, " : " nodes, ") + age + " ago");
    const auto last = discovery.at("lastFailure");
    if (const auto error = discovery.text("error"); !error.empty()) {
        text += "; fails: " + error;
    } else if (!last.empty()) {
        text += "; last failed " + in_words(last.number("ageMs")) + " ago: " + last.text("error");
    }
    return text;
}

// "quorum_missing for 12 s: no quorum: 1 of 3 voters answers …"
std::string problem_in_one_line(const Record& problem) {
    const auto age = in_words(problem.number("sinceMs"));
    return problem.text("reason") + (age.empty() ? "" : " for " + age) + ": " +
           problem.text("detail");
}

std::string ids(const Record& record, const std::string& key) {
    std::string all;
    for (const Record& peer : record.list(key)) all += (all.empty() ? "" : " ") + peer.text("id");
    return all;
}

}  // namespace

int status(const Session& session) {
    const Answer answer = session.client.ask_in_turn({.path = "/status", .expects = "id"});
    if (const auto done = shown(session, answer)) return *done;
    const Record s = answer.record();
    const auto seconds = s.number("uptime");
    Table table({"node", s.text("id")});
    const auto row = [&table](const char* name, const std::string& value) {
        if (!value.empty()) table.add({name, value});
    };
    row("cluster", s.text("cluster"));
    row("state", s.text("state"));
    row("role", s.text("role"));
    row("leads now", yes_or_no(s.flag("isLeader")));
    row("leader", s.text("leaderId").empty() ? "none known" : s.text("leaderId"));
    row("term", s.text("term"));
    row("voted for", s.text("votedFor"));
    row("fencing token", s.flag("isLeader").value_or(false) ? s.text("fencingToken") : "");
    row("lease left",
        in_words(s.flag("isLeader").value_or(false) ? s.number("leaseRemainingMs") : std::nullopt));
    if (const auto voters = s.count("voters")) row("voters", std::to_string(*voters));
    row("quorum", s.text("quorum"));
    row("priority", s.text("priority"));
    row("peers", ids(s, "peers"));
    for (const Record& discovery : s.list("discovery")) {
        row("discovery", in_one_line(discovery));
    }
    for (const Record& problem : s.list("problems")) row("problem", problem_in_one_line(problem));
    row("uptime", in_words(seconds ? std::optional(*seconds * 1000) : std::nullopt));
    row("transport", s.text("transport"));
    row("version", s.text("version"));
    row("uuid", s.text("uuid"));
    row("asked", answer.endpoint);
    table.print(session.out);
    return kDone;
}

int cluster(const Session& session) {
    const Answer answer = session.client.ask_in_turn({.path = "/cluster", .expects = "cluster"});
    if (const auto done = shown(session, answer)) return *done;
    const View view = make_view({.endpoint = answer.endpoint, .cluster = answer.json});
    session.out << view.health.text << "\n\n";
    Table table({"ID", "ROLE", "STATE", "TERM", "LEADER", "PEERS", "API", "ONLINE"});
    for (const Record& record : answer.record().list("cluster")) {
        const std::string trouble = record.text("error");
        table.add({record.text("id"), record.text("role"), record.text("state"),
                   record.text("term"), record.text("leaderId"), record.text("address"),
                   record.text("api"),
                   yes_or_no(record.flag("online")) + (trouble.empty() ? "" : ": " + trouble)});
    }
    table.print(session.out);
    return kDone;
}

int leader(const Session& session) {
    const Answer answer = session.client.ask_in_turn(
        {.path = "/leader", .expects = "leaderId"},
        [](const Answer& each) { return !each.record().text("leaderId").empty(); });
    if (!answer.ok() && answer.status != 503) return refused(session, answer);
    const Record record = answer.record();
    const std::string id = record.text("leaderId");
    if (session.arguments.output == Output::json) {
        session.out << answer.body << '\n';
    } else if (!id.empty()) {
        const bool asked = record.flag("isLeader").value_or(false);
        Table table({"LEADER", "TERM", "FENCING TOKEN", "LEASE LEFT", "ENDPOINT"});
        table.add({id, record.text("term"), asked ? record.text("fencingToken") : "",
                   asked ? in_words(record.number("leaseRemainingMs")) : "", answer.endpoint});
        table.print(session.out);
    } else {
        session.out << "no leader\n";
    }
    return id.empty() ? kRefused : kDone;
}

namespace {

// Asks whether the node leads. nullopt if every answer took longer than the lease that it reported.
std::optional<Answer> ask_whether_it_leads(const Session& session) {
    const Question question{.path = "/leader", .expects = "isLeader"};
    for (int tries = 0; tries < 2; ++tries) {
        const Answer answer = session.client.ask(session.client.endpoints().front(), question);
        const Lead lead = lead_in(answer, session.client.timeout());
        if (!lead.own || BootClock::now() < lead.until) return answer;
    }
    session.err << "electionctl: the answers took longer than the lease that they reported\n";
    return std::nullopt;
}

}  // namespace

int is_leader(const Session& session) {
    std::optional<Answer> answer;
    try {
        answer = ask_whether_it_leads(session);
    } catch (const NoAnswer& failure) {
        session.err << "electionctl: GET "
                    << request_at(session.client.endpoints().front(), "/leader") << ": "
                    << failure.what() << '\n';
    }
    if (!answer) return kUnknown;
    const Record record = answer->record();
    const bool leads = record.flag("isLeader").value_or(false);
    if ((!answer->ok() && answer->status != 503) || leads != answer->ok()) {
        refused(session, *answer);
        return kUnknown;
    }
    const std::string id = record.text("leaderId");
    if (session.arguments.output == Output::json) {
        session.out << answer->body << '\n';
    } else if (leads) {
        session.out << "yes: it leads in term " << record.text("term") << " (fencing token "
                    << record.text("fencingToken") << ")\n";
    } else {
        session.out << (id.empty() ? "no: it knows no leader" : "no: node " + id + " leads")
                    << '\n';
    }
    return leads ? kDone : kRefused;
}

namespace {

// The details of an event that have no column of their own.
std::string details_of(const Record& change) {
    std::string text = change.text("change");  // membership, peer
    const auto add = [&text](const std::string& what, const std::string& value) {
        if (!value.empty()) text += (text.empty() ? "" : ", ") + what + value;
    };
    add("", change.text("state"));
    add("after ", change.text("previous"));
    add("without leader for ", in_words(change.number("gapMs")));
    add("voters ", change.text("voters"));
    add("quorum ", change.text("quorum"));
    add("", change.text("detail"));
    return text;
}

// Prints the events of the node; older daemons do not send them.
void print_changes(std::ostream& out, const std::vector<Record>& changes) {
    Table table({"AT", "EVENT", "NODE", "TERM", "REASON", "DETAILS"});
    for (const Record& change : changes) {
        const std::string leader = change.text("leaderId");
        table.add({moment(change, "at"), change.text("event"),
                   leader.empty() ? change.text("id") : leader, change.text("term"),
                   change.text("reason"), details_of(change)});
    }
    out << "\nall events\n";
    table.print(out);
}

}  // namespace

int history(const Session& session) {
    const Answer answer = session.client.ask_in_turn({.path = "/history"});
    if (const auto done = shown(session, answer)) return *done;
    Table table({"AT", "TERM", "LEADER", "BEFORE", "REASON", "WITHOUT LEADER"});
    const Record record = answer.record();
    const auto changes = record.has("history") ? record.list("history") : records_of(answer.json);
    for (const Record& change : changes) {
        table.add({moment(change, "at"), change.text("term"), change.text("leaderId"),
                   change.text("previous"), change.text("reason"),
                   in_words(change.number("gapMs"))});
    }
    if (changes.empty()) session.out << "no change of leadership since this node started\n";
    if (!changes.empty()) table.print(session.out);
    if (const auto all = record.list("changes"); !all.empty()) print_changes(session.out, all);
    return kDone;
}

int members(const Session& session) {
    const Answer answer = session.client.ask_in_turn({.path = "/members"});
    if (const auto done = shown(session, answer)) return *done;
    const auto all = records_of(answer.json);
    // After a lost disk two members may have one id: only the uuid distinguishes them.
    std::set<std::string> seen;
    const bool unique = std::ranges::all_of(
        all, [&](const Record& member) { return seen.insert(member.text("id")).second; });
    std::vector<std::string> head{"ID",       "ROLE",     "STATE", "LAST CONTACT", "ROUND TRIP",
                                  "PRIORITY", "ELIGIBLE", "PEERS", "API"};
    if (!unique) head.emplace_back("UUID");
    Table table(head);
    for (const Record& member : all) {
        table.add({member.text("id"), member.text("role"), member.text("state"),
                   in_words(member.number("lastContactMs")), in_words(member.number("rttMs")),
                   member.text("priority"), yes_or_no(member.flag("eligible")),
                   member.text("address"), member.text("api"), member.text("uuid")});
    }
    table.print(session.out);
    if (const auto age = answer.record().number("asOfMs")) {
        session.out << "\nthe leader did not answer; this is the node's last view, "
                    << in_words(age) << " old\n";
    }
    return kDone;
}

}  // namespace electiond::ctl
