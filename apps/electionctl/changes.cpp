// The verbs that change something once: step-down, members remove, members leave.
#include <Poco/JSON/Object.h>
#include <Poco/URI.h>

#include <algorithm>
#include <optional>
#include <ostream>
#include <sstream>
#include <variant>

#include "electionctl/confirm.h"
#include "electionctl/endpoint.h"
#include "electionctl/exit_code.h"
#include "electionctl/leader_search.h"
#include "electionctl/verbs.h"

namespace electiond::ctl {
namespace {

std::string remedy_of(const Answer& answer) {
    switch (answer.status) {
        case 401:
            return "give the token of its api.token_file with --token-file or ELECTIONCTL_TOKEN, "
                   "or, if it has api.tls.ca, the certificate of an operator with --cert and --key";
        case 403:
            return "ask it by its IP address, or add the name you used to its api.hostnames; a "
                   "token is given with --token-file, the certificate of an operator with --cert "
                   "and --key";
        case 404:
        case 405:
            return "electionctl members lists the nodes; a daemon that does not have this path or "
                   "method is older than electionctl";
        case 409:
            return "electionctl members shows the nodes and which of them may lead";
        case 503:
            return "electionctl cluster shows whether there is a leader";
        default:
            return "";
    }
}

bool not_leader(const Answer& answer) { return answer.status == 400 || answer.status == 421; }

// Drops the scheme if it is http: then it is not known whether the leader's API speaks TLS.
std::string unconfirmed(const std::string& endpoint) {
    return is_https(endpoint) ? endpoint : endpoint.substr(endpoint.find("://") + 3);
}

// What the operator can do if the asked node does not lead.
std::string where_it_is(const Found& found) {
    static const std::string kNameIt = ": name it with --endpoint";
    if (found.leader) return "the leader is at " + *found.leader->endpoint + kNameIt;
    if (!found.named) {
        return found.none_known ? "no leader is known; electionctl cluster shows why"
                                : "no endpoint reported a leader";
    }
    const auto& [id, endpoint] = *found.named;
    if (endpoint && !is_loopback(*endpoint)) {
        return "the leader is at " + unconfirmed(*endpoint) + kNameIt;
    }
    // Here a loopback address means this machine, and no leader has answered on it.
    return "node " + id +
           " leads, but its API listens only on its own machine: run electionctl there, or set "
           "api.listen (and api.token_file) there";
}

// A change may wait for grants and hooks, but GET /leader is quick, so its timeout is shorter.
Found search(const Session& session) {
    return find_leader(session.client.within(std::min(session.client.timeout(), kAskTimeout)));
}

// Prints why no node was asked for the change; returns the exit code.
int no_leader(const Session& session, const Found& found) {
    std::string said;
    for (const std::string& line : found.said) said += "\n  " + line;
    if (!found.anyone_answered) {
        throw Unreachable("no endpoint answered, so nothing was changed:" + said,
                          found.all_timed_out, found.no_trust);
    }
    session.err
        << "electionctl: the leader was not found from any endpoint, so nothing was changed:"
        << said << "\n  " << where_it_is(found) << '\n';
    return kRefused;
}

// The endpoint to ask for a change, or the exit code. With several endpoints it is the leader's.
// `expected`: the id that the leader must have; nullopt: any.
std::variant<std::string, int> endpoint_to_ask(const Session& session,
                                               const std::optional<std::string>& expected) {
    const auto& endpoints = session.client.endpoints();
    if (endpoints.size() == 1) return endpoints.front();
    const Found found = search(session);
    if (!found.leader) return no_leader(session, found);
    if (expected && found.leader->id != *expected) {
        session.err << "electionctl: node " << found.leader->id << " leads now, not node "
                    << *expected << ", so nothing was changed\n";
        return kRefused;
    }
    return *found.leader->endpoint;
}

// Asks once. Throws Unreachable; its text says whether the change may have been made.
Answer ask_for_change(const Session& session, const std::string& endpoint,
                      const Question& question) {
    return session.client.to({endpoint}).ask_in_turn(question);
}

}  // namespace

int refused(const Session& session, const Answer& answer, const std::string& remedy) {
    if (session.arguments.output == Output::json) session.out << answer.body << '\n';
    const std::string& help = remedy.empty() ? remedy_of(answer) : remedy;
    session.err << "electionctl: " << answer.endpoint << " refused (HTTP " << answer.status
                << "): " << answer.why() << '\n';
    if (!help.empty()) session.err << "  " << help << '\n';
    return kRefused;
}

int step_down(const Session& session) { return step_down(session, std::nullopt); }

int step_down(const Session& session, const std::optional<std::string>& expected) {
    Question question{.method = "POST", .path = "/step-down"};
    if (session.arguments.to) {
        Poco::JSON::Object body;
        body.set("to", *session.arguments.to);
        std::ostringstream text;
        body.stringify(text);
        question.body = text.str();
    }
    const auto chosen = endpoint_to_ask(session, expected);
    if (const int* code = std::get_if<int>(&chosen)) return *code;
    const Answer answer = ask_for_change(session, std::get<std::string>(chosen), question);
    if (!answer.ok()) {
        return refused(session, answer, not_leader(answer) ? where_it_is(search(session)) : "");
    }
    const Record record = answer.record();
    const std::string successor = record.text("successor");
    if (session.arguments.output == Output::json) {
        session.out << answer.body << '\n';
    } else if (successor.empty()) {
        session.out
            << "stepped down; no node has taken over yet. electionctl wait-leader waits for it\n";
    } else {
        session.out << "stepped down: node " << successor << " leads in term "
                    << record.text("term") << '\n';
    }
    return kDone;
}

namespace {

// "3 (uuid 8e8d…, voter)"
std::string named(const Record& removal) {
    return removal.text("id") + " (uuid " + removal.text("uuid") + ", " + removal.text("role") +
           ")";
}

}  // namespace

int remove_member(const Session& session) {
    const std::string& who = session.arguments.operands.at(1);
    const bool dry_run = session.arguments.dry_run;
    if (!dry_run && !confirmed(session, "Node " + who +
                                            " loses its membership for good: it can only come back "
                                            "as a new member, after electiond rejoin on it.")) {
        return kRefused;
    }
    std::string encoded;
    Poco::URI::encode(who, "/?#&=+;,", encoded);
    // A dry run uses another method: no version of the daemon removes anything on a GET.
    const Question question{.method = dry_run ? "GET" : "DELETE",
                            .path = (dry_run ? "/removal/" : "/members/") + encoded};
    const auto chosen = endpoint_to_ask(session, std::nullopt);
    if (const int* code = std::get_if<int>(&chosen)) return *code;
    Answer answer = ask_for_change(session, std::get<std::string>(chosen), question);
    // The request names the member to remove, so any leader can carry it out: send it to the leader
    // that this node knows.
    if (answer.status == 421) {
        const Found found = search(session);
        if (!found.leader) return refused(session, answer, where_it_is(found));
        answer = ask_for_change(session, *found.leader->endpoint, question);
    }
    if (!answer.ok()) return refused(session, answer);
    if (session.arguments.output == Output::json) {
        session.out << answer.body << '\n';
    } else if (dry_run) {
        session.out << "node " << named(answer.record())
                    << " can be removed: the other voters that answer keep a quorum\n";
    } else {
        const auto id = answer.record().text("id");
        session.out << "node " << (id.empty() ? who : id)
                    << " is removed; it comes back only as a new member (electiond rejoin)\n";
    }
    return kDone;
}

int leave(const Session& session) {
    if (!confirmed(session, "The node at " + session.client.endpoints().front() +
                                " leaves its cluster for good: it can only come back as a new "
                                "member, after electiond rejoin on it.")) {
        return kRefused;
    }
    const Answer answer = session.client.ask_in_turn({.method = "POST", .path = "/leave"});
    if (!answer.ok()) return refused(session, answer);
    session.out << (session.arguments.output == Output::json
                        ? answer.body
                        : "the node at " + answer.endpoint +
                              " has left; it comes back only as a new member (electiond rejoin)")
                << '\n';
    return kDone;
}

}  // namespace electiond::ctl
