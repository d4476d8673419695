// The verbs that change something once: step-down, members remove, members leave.
#include <Poco/JSON/Object.h>
#include <Poco/URI.h>

#include <ostream>
#include <sstream>

#include "electionctl/exit_code.h"
#include "electionctl/verbs.h"

namespace electiond::ctl {
namespace {

std::string remedy_of(const Answer& answer) {
    switch (answer.status) {
        case 401:
            return "give the token of its api.token_file by --token-file or ELECTIONCTL_TOKEN";
        case 403:
            return "ask it by its IP address, or add the name you used to its api.hostnames; a "
                   "token "
                   "is given by --token-file";
        case 404:
        case 405:
            return "electionctl members lists the nodes there are; a daemon that lacks the path "
                   "itself is older than this client";
        case 409:
            return "electionctl members shows who is there and who may lead";
        case 503:
            return "electionctl cluster shows whether there is a leader";
        default:
            return "";
    }
}

bool not_leader(const Answer& answer) { return answer.status == 400 || answer.status == 421; }

std::string where_it_is(const std::optional<KnownLeader>& leader) {
    if (!leader) return "no leader is known; electionctl cluster shows why";
    if (leader->endpoint)
        return "the leader is at " + *leader->endpoint + ": name it by --endpoint";
    return "node " + leader->id +
           " leads, but its API listens only on its own machine: run electionctl there";
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

int step_down(const Session& session) {
    Question question{.method = "POST", .path = "/step-down"};
    if (session.arguments.to) {
        Poco::JSON::Object body;
        body.set("to", *session.arguments.to);
        std::ostringstream text;
        body.stringify(text);
        question.body = text.str();
    }
    const Answer answer =
        session.client.ask_in_turn(question, [](const Answer& each) { return !not_leader(each); });
    if (!answer.ok()) {
        return refused(session, answer,
                       not_leader(answer) ? where_it_is(find_leader(session.client)) : "");
    }
    const Record record = answer.record();
    const std::string successor = record.text("successor");
    if (session.arguments.output == Output::json) {
        session.out << answer.body << '\n';
    } else if (successor.empty()) {
        session.out
            << "stepped down; nobody has taken over yet. electionctl wait-leader waits for it\n";
    } else {
        session.out << "stepped down: node " << successor << " leads under term "
                    << record.text("term") << '\n';
    }
    return kDone;
}

int remove_member(const Session& session) {
    const std::string& id = session.arguments.operands.at(1);
    std::string encoded;
    Poco::URI::encode(id, "/?#&=+;,", encoded);
    const Question question{.method = "DELETE", .path = "/members/" + encoded};
    Answer answer =
        session.client.ask_in_turn(question, [](const Answer& each) { return each.status != 421; });
    // Whom the order is about stands in it, so whoever leads may be given it.
    if (answer.status == 421) {
        const auto leader = find_leader(session.client);
        if (!leader || !leader->endpoint) return refused(session, answer, where_it_is(leader));
        answer = session.client.to({*leader->endpoint}).ask_in_turn(question);
    }
    if (!answer.ok()) return refused(session, answer);
    session.out << (session.arguments.output == Output::json
                        ? answer.body
                        : "node " + id +
                              " is removed; it comes back only as a new member "
                              "(electiond rejoin)")
                << '\n';
    return kDone;
}

int leave(const Session& session) {
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
