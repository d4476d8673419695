// Answers the commands of operators: /step-down, /leave, /members/ID, and /removal/ID (a dry run).
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <map>
#include <memory>
#include <set>

#include "control/answers.h"
#include "control/outcome.h"
#include "control/record.h"

namespace electiond {
namespace {

// The texts of a body {"key":"text"} whose keys are all in `known`; an empty body has none. Throws
// Problem, before anything is done, unless the body is unambiguous.
std::map<std::string, std::string> parse_body(const std::string& body,
                                              const std::set<std::string>& known,
                                              const std::string& expected) {
    std::map<std::string, std::string> texts;
    if (body.empty()) return texts;
    const auto refuse = [&](const std::string& what) {
        return Problem{400, "Malformed body", what + " Expected " + expected + ".",
                       Reason::malformed};
    };
    try {
        const auto parsed = Poco::JSON::Parser().parse(body);
        if (parsed.type() != typeid(Poco::JSON::Object::Ptr)) throw refuse("It is not an object.");
        for (const auto& [key, value] : *parsed.extract<Poco::JSON::Object::Ptr>()) {
            if (!known.contains(key)) throw refuse("It has an unknown key.");
            if (!value.isString()) throw refuse("`" + key + "` is not a string.");
            texts[key] = value.extract<std::string>();
        }
    } catch (const Poco::Exception&) {
        throw refuse("It is not JSON.");
    }
    return texts;
}

void expect_no_body(const Call& call) { parse_body(call.request.body, {}, "nothing"); }

// {"to":"2"}; an empty body names no successor. Throws Problem.
StepDown parse_step_down(const std::string& body) {
    const auto texts = parse_body(body, {"to"}, R"(nothing, or {"to":"ID"})");
    const auto to = texts.find("to");
    return to == texts.end() ? StepDown{} : StepDown{.to = to->second};
}

ApiResponse refusal(const Done& done, const StepDown& wanted) {
    const std::string to = wanted.to.value_or("");
    switch (done.refused) {
        case Reason::not_leader:
            return answer(Problem{400, "Not currently leader",
                                  "Only the leader steps down; GET /leader says who leads.",
                                  Reason::not_leader});
        case Reason::unknown_node:
            return answer(Problem{404, "Unknown node",
                                  "The cluster has no node " + to + "; GET /members lists them.",
                                  Reason::unknown_node});
        case Reason::not_eligible:
            return answer(Problem{409, "Node is not eligible",
                                  "Node " + to +
                                      " cannot lead now: it is not a voter, is silent, must not "
                                      "lead, or leads already.",
                                  Reason::not_eligible});
        case Reason::draining:
            return answer(Problem{409, "A hand-over is under way",
                                  "Leadership is being handed over already.", Reason::draining});
        default:
            return answer(Problem{409, "Refused", "The election refused it.", done.refused});
    }
}

// Makes the response from the outcome; nullopt: there was none in time.
using MakeResponse = AwaitedOutcome<Done>::MakeResponse;

// Has the election carry out `what`.
ApiAnswer carry_out(const Call& call, CommandBody what, Milliseconds longest,
                    MakeResponse make_response) {
    const auto post = [&](std::function<void(const Done&)> done) {
        return call.dependencies.post(
            CommandArrived{.what = std::move(what), .done = std::move(done)});
    };
    return carry_out<Done>(call, longest, post, about_to_end, std::move(make_response));
}

// A node that /cluster shows need not be a member: discovery may list it.
std::string why_unknown(const Status& status, const std::string& who) {
    const auto listed = std::ranges::find_if(status.view->peers, [&](const PeerStatus& peer) {
        return peer.id.value == who || peer.uuid.value == who;
    });
    if (listed == status.view->peers.end()) {
        return "The cluster has no node " + who + "; GET /members lists them.";
    }
    const auto address = shown_address(listed->addresses);
    return "Node " + who +
           " is not a member of the cluster, so it has no vote that could be removed" +
           (address ? "; it is shown because discovery lists it at " + address->to_string() : "") +
           ". If it is in the file of file_registry, its entry is removed when it expires, or at "
           "once by `electionctl registry prune " +
           who + " --file FILE`.";
}

// The node that a removal is about.
struct DepartingMember {
    std::string id{};                  // as the client named it, or its id
    std::optional<NodeUuid> uuid{};    // if this node knows it
    std::optional<MemberRole> role{};  // its role, if this node knows it
};

JsonFields fields_of(const DepartingMember& departing, const std::string& message, Term term) {
    JsonFields fields{{"message", message}, {"id", departing.id}};
    if (departing.uuid) fields.emplace_back("uuid", *departing.uuid);
    if (departing.role) fields.emplace_back("role", to_string(*departing.role));
    fields.emplace_back("term", term);
    return fields;
}

// The response to a removal or a leave (docs/interface.md).
ApiResponse departure(const ControlDependencies& dependencies, const std::optional<Done>& done,
                      const DepartingMember& departing, const std::string& message) {
    if (!done) {
        return answer(Problem{503, "Not done in time",
                              "It may still be carried out; GET /members shows whether it was."});
    }
    switch (done->refused) {
        case Reason::none:
            return answer(200, json_object(fields_of(departing, message, done->term)));
        case Reason::not_leader:
            return answer(Problem{421, "Not currently leader",
                                  "Send the request to the node that leads.", Reason::not_leader,
                                  dependencies.board.read()->leader_at(dependencies.now())});
        case Reason::unknown_node:
            return answer(Problem{404, "Unknown node",
                                  why_unknown(*dependencies.board.read(), departing.id),
                                  Reason::unknown_node});
        case Reason::would_lose_quorum:
            return answer(Problem{409, "Would lose the quorum",
                                  "The remaining voters that answer now would not be a majority of "
                                  "all remaining voters; bring silent voters back first.",
                                  Reason::would_lose_quorum});
        case Reason::not_eligible:
            return answer(Problem{
                409, "Nobody else can lead",
                "The leader can leave only if another voter or standby is eligible to lead.",
                Reason::not_eligible});
        case Reason::draining:
            return answer(Problem{409, "A hand-over is under way",
                                  "Leadership is being handed over; try again when that has ended.",
                                  Reason::draining});
        default:
            return answer(
                Problem{409, "Refused", "This node is not a member of a cluster.", done->refused});
    }
}

// A removal waits for a quorum to hold the new configuration; a leave gives up after 5 E.
Milliseconds departure_limit(const Call& call) {
    return 6 * call.dependencies.timing.election_timeout + Milliseconds{1000};
}

MakeResponse departure_of(const Call& call, const DepartingMember& departing,
                          const std::string& message) {
    return
        [&dependencies = call.dependencies, departing, message](const std::optional<Done>& done) {
            return departure(dependencies, done, departing, message);
        };
}

// The member in the path, for example /members/ID or /removal/UUID. On a node that does not lead,
// only the text of the path: the leader finds the member. Throws Problem if several members have
// this id: one may be the other one before it lost its data, and the wrong one must not be removed.
DepartingMember named_in_path(const Call& call) {
    const auto& path = call.target.path;
    DepartingMember departing{.id = path.substr(path.rfind('/') + 1)};
    const auto status = call.dependencies.board.read();
    if (!status->leads_at(call.dependencies.now())) return departing;
    std::string uuids;
    std::size_t count = 0;
    for (const auto& member : *status->members->list) {
        const bool by_uuid = member.uuid.value == departing.id;
        if (!by_uuid && member.id.value != departing.id) continue;
        const DepartingMember found{member.id.value, member.uuid, member.role};
        if (by_uuid) return found;
        uuids += (uuids.empty() ? "" : ", ") + member.uuid.value;
        if (++count == 1) departing = found;
    }
    if (count <= 1) return departing;
    throw Problem{409, "Several members have this id",
                  "The members " + uuids + " all have the id " + departing.id +
                      "; give the uuid of one of them (GET /members shows which of them answers).",
                  Reason::ambiguous_id};
}

// Passes the uuid to the election, if it is known, so that exactly the member found here is
// removed.
ApiAnswer carry_out_removal(const Call& call, bool dry_run, const std::string& message) try {
    if (!call.target.query.empty()) {
        throw Problem{400, "Malformed query",
                      "A removal takes no query; GET /removal/ID reports whether it is possible.",
                      Reason::malformed};
    }
    expect_no_body(call);
    const auto departing = named_in_path(call);
    auto make_response = departure_of(call, departing, message);
    if (dry_run) {
        make_response = [departed = std::move(make_response)](const std::optional<Done>& done) {
            return done ? departed(done)
                        : answer(Problem{503, "Not decided in time",
                                         "Nothing was changed; ask again."});
        };
    }
    return carry_out(
        call,
        Remove{.node = departing.uuid ? departing.uuid->value : departing.id, .dry_run = dry_run},
        departure_limit(call), std::move(make_response));
} catch (const Problem& problem) {
    return answer(problem);
}

}  // namespace

ApiAnswer answer_step_down(const Call& call) try {
    const auto& dependencies = call.dependencies;
    const auto wanted = parse_step_down(call.request.body);
    // The longest hand-over: grants, hooks, the target's configuration, its election.
    const auto longest = dependencies.timing.client_grant + dependencies.hooks_timeout +
                         3 * dependencies.timing.election_timeout + Milliseconds{1000};
    return carry_out(call, wanted, longest, [wanted](const std::optional<Done>& done) {
        if (!done) {
            return answer(Problem{503, "Still draining",
                                  "The hand-over was begun, but it has not ended in time; GET "
                                  "/leader shows who leads.",
                                  Reason::draining});
        }
        if (done->refused != Reason::none) return refusal(*done, wanted);
        return answer(200, json_object({{"message", "Stepped down successfully"},
                                        {"successor", done->successor},
                                        {"term", done->term}}));
    });
} catch (const Problem& problem) {
    return answer(problem);
}

ApiAnswer answer_remove_member(const Call& call) {
    return carry_out_removal(call, false, "Removed for good");
}

// A dry run is a GET, and not a query of DELETE, which an older version would ignore.
ApiAnswer answer_may_remove_member(const Call& call) {
    return carry_out_removal(call, true, "Can be removed");
}

ApiAnswer answer_leave(const Call& call) try {
    expect_no_body(call);
    const auto who = call.dependencies.board.read()->view->id.value;
    return carry_out(call, Leave{}, departure_limit(call),
                     departure_of(call, DepartingMember{.id = who}, "Left for good"));
} catch (const Problem& problem) {
    return answer(problem);
}

}  // namespace electiond
