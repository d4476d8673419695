// Messages under way.
#include "exploration/post.h"

#include "election/overloaded.h"
#include "exploration/fingerprint.h"
#include "exploration/hasher.h"

namespace electiond::exploration {
namespace {

void add(Hasher& hash, const ConfigNumber& number) { hash.add(number.term).add(number.version); }

void add(Hasher& hash, const std::optional<Electorate>& config, const Renaming& renaming) {
    hash.add(config ? ElectionFingerprint::of(*config, renaming) : 0);
}

void add(Hasher& hash, const VoteReply& body, const Renaming& renaming) {
    hash.add(body.granted ? 1 : 0);
    add(hash, body.config, renaming);
}

std::uint64_t hash_of(const Message& message, const Renaming& renaming) {
    Hasher hash;
    hash.add(renaming(message.from)).add(renaming(message.to)).add(message.term);
    if (const auto* request = std::get_if<PeerRequest>(&message.what)) {
        hash.add(request->body.index());
        std::visit(overloaded{[&](const PreVote& body) { add(hash, body.config); },
                              [&](const VoteRequest& body) {
                                  add(hash, body.config);
                                  hash.add(body.transfer ? 1 : 0);
                              },
                              [&](const Heartbeat& body) { add(hash, body.config, renaming); },
                              [](const auto&) {}},
                   request->body);
        return hash.value();
    }
    const auto& reply = std::get<PeerReply>(message.what);
    hash.add(100 + reply.body.index()).add(reply.term);
    std::visit(overloaded{[&](const PreVoteReply& body) { add(hash, body, renaming); },
                          [&](const VoteReply& body) { add(hash, body, renaming); },
                          [&](const HeartbeatReply& body) {
                              add(hash, body.config);
                              hash.add((body.accepted ? 1U : 0U) | (body.eligible ? 2U : 0U) |
                                       (body.wants_vote ? 4U : 0U) | (body.leaving ? 8U : 0U) |
                                       (body.cooling ? 16U : 0U));
                          },
                          [](const auto&) {}},
               reply.body);
    return hash.value();
}

std::string number_text(const ConfigNumber& number) {
    return " config " + std::to_string(number.term) + "." + std::to_string(number.version);
}

std::string config_text(const std::optional<Electorate>& config) {
    if (!config) return "";
    std::string text = ", brings" + number_text(config->number) + " {";
    for (const auto& voter : config->voters) text += voter.uuid.value;
    return text + "}";
}

}  // namespace

Sender sender(NodeIndex node) {
    Sender from;
    from.cluster_id = from.cluster_name = "x";
    from.uuid = uuid_of(node);
    from.id = id_of(node);
    return from;
}

// Causes, views and hints are told to people only: what differs in nothing else is one message. A
// view gives a place in the succession, which sets an election timer (R2); those are free here.
std::optional<MessageId> Post::request(NodeIndex from, const Outgoing& outgoing) {
    const auto* to = std::get_if<NodeUuid>(&outgoing.to);
    if (!to) return std::nullopt;  // a hello to everyone
    Message message{.from = from, .to = index_of(*to), .term = outgoing.term};
    PeerRequest request{.from = sender(from), .term = outgoing.term, .body = outgoing.body};
    std::visit(overloaded{[](VoteRequest& body) { body.cause = Reason::none; },
                          [](TimeoutNow& body) { body.cause = Reason::none; },
                          [&](Heartbeat& body) {
                              message.seq = body.seq;
                              body.view = 0;
                              body.config_pending = false;
                              body.members.reset();
                              body.succession.reset();
                          },
                          [](auto&) {}},
               request.body);
    message.what = std::move(request);
    return keep(std::move(message));
}

std::optional<MessageId> Post::reply(NodeIndex from, NodeIndex to, Term request_term,
                                     const Reply& reply) {
    Message message{.from = from, .to = to, .term = request_term};
    PeerReply answer{.from = sender(from),
                     .term = reply.term,
                     .request_term = request_term,
                     .reason = Reason::none,
                     .body = reply.body};
    const bool told = std::visit(overloaded{[](PreVoteReply& body) {
                                                body.hint.reset();
                                                return true;
                                            },
                                            [](VoteReply& body) {
                                                body.hint.reset();
                                                return true;
                                            },
                                            [&](HeartbeatReply& body) {
                                                message.seq = body.seq;
                                                body.view = 0;
                                                return true;
                                            },
                                            [](const auto&) { return false; }},
                                 answer.body);
    if (!told) return std::nullopt;
    message.what = std::move(answer);
    return keep(std::move(message));
}

MessageId Post::keep(Message message) {
    for (std::size_t i = 0; i < kRenamings.size(); ++i) {
        message.hash[i] = hash_of(message, kRenamings[i]);
    }
    const auto key = Hasher().add(message.hash[0]).add(message.seq ? 1 + *message.seq : 0).value();
    const auto [at, fresh] = known_.try_emplace(key, static_cast<MessageId>(all_.size()));
    if (fresh) all_.push_back(std::move(message));
    return at->second;
}

std::string Message::text() const {
    const std::string way = std::string(1, static_cast<char>('a' + from)) + "→" +
                            std::string(1, static_cast<char>('a' + to)) + " ";
    const std::string of_term = " of term " + std::to_string(term);
    const std::string round = seq ? " round " + std::to_string(*seq) : "";
    if (const auto* asked = std::get_if<PeerRequest>(&what)) {
        return way +
               std::visit(overloaded{[&](const PreVote&) { return "pre-vote" + of_term; },
                                     [&](const VoteRequest& body) {
                                         return "vote-request" + of_term +
                                                (body.transfer ? " (transfer)" : "");
                                     },
                                     [&](const Heartbeat& body) {
                                         return "heartbeat" + of_term + round +
                                                config_text(body.config);
                                     },
                                     [&](const TimeoutNow&) { return "timeout-now" + of_term; },
                                     [](const auto&) { return std::string("?"); }},
                          asked->body);
    }
    const auto& answer = std::get<PeerReply>(what);
    const std::string seen =
        answer.term == term ? "" : " by one in term " + std::to_string(answer.term);
    return way + std::visit(overloaded{[&](const PreVoteReply& body) {
                                           return (body.granted ? "pre-vote granted"
                                                                : "pre-vote refused") +
                                                  of_term + seen + config_text(body.config);
                                       },
                                       [&](const VoteReply& body) {
                                           return (body.granted ? "vote granted" : "vote refused") +
                                                  of_term + seen + config_text(body.config);
                                       },
                                       [&](const HeartbeatReply& body) {
                                           return (body.accepted ? "ack" : "no ack") + of_term +
                                                  round + number_text(body.config) + seen;
                                       },
                                       [](const auto&) { return std::string("?"); }},
                            answer.body);
}

}  // namespace electiond::exploration
