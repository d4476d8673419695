// Passes events to the Election, and carries out its effects.
#include "node/node.h"

#include <algorithm>
#include <utility>

#include "election/carry_out.h"
#include "node/change_text.h"
#include "node/peer_identity.h"
#include "wire/codec.h"

namespace electiond {

Durable new_record(const NodeId& id, const std::string& cluster, Random& random) {
    Durable record;
    record.uuid = NodeUuid(random.identity());
    record.node_id = id;
    record.cluster_name = cluster;
    return record;
}

Durable load_or_create_record(DurableStore& store, const NodeId& id, const std::string& cluster,
                              Random& random) {
    auto record = store.load();
    if (!record) record = new_record(id, cluster, random);
    if (record->node_id != id || record->cluster_name != cluster) {
        throw Error("the data directory belongs to node " + record->node_id.value + " of cluster " +
                        record->cluster_name + ", but the configuration says node " + id.value +
                        " of cluster " + cluster +
                        "; correct node.id, cluster.name or node.data_dir",
                    Error::data);
    }
    ++record->starts;
    store.save(*record);
    store.sync_twin();
    return *record;
}

Node::Node(const Policy& policy, Durable durable, Random random, Identity identity,
           NodeDependencies dependencies, Instant now)
    : election_(policy, std::move(durable), random, now),
      identity_(std::move(identity)),
      dependencies_(std::move(dependencies)),
      book_(election_.durable().uuid, identity_.address),
      views_(election_, identity_, book_, faults_, now),
      open_hellos_(5 * Duration(policy.timing.election_timeout)),
      now_(now),
      started_(now) {
    bind_voters();
    log_removal();
    publish();
}

void Node::handle(Instant now, Event event) {
    now_ = now;
    dependencies_.journal.tick(now);
    std::visit([this](auto& each) { on(std::move(each)); }, event);
    if (now >= twin_due_) sync_twin();
}

void Node::tick(Instant now) {
    now_ = now;
    dependencies_.journal.tick(now);
    step(Tick{});
    if (now >= twin_due_) sync_twin();
}

void Node::finish() {
    if (twin_due_ != kNever) sync_twin();
}

Instant Node::deadline() const {
    return std::min({election_.deadline(), dependencies_.journal.deadline(), twin_due_});
}

// The saves of an election follow each other within less: the twin is written once, after the last.
Duration Node::twin_delay() const {
    return std::min<Duration>(election_.policy().timing.election_timeout / 2, kTwinDelayMax);
}

void Node::sync_twin() {
    dependencies_.store.sync_twin();
    twin_due_ = kNever;
}

// ---- events ------------------------------------------------------------------------------------

void Node::on(RequestArrived arrived) {
    auto& [request, respond] = arrived;
    if (!wire::known_request(request.name)) {
        reject("unknown", request.name);
        respond({Response::Kind::unknown, R"({"error":"unknown message"})"});
        return publish();
    }
    try {
        auto decoded = wire::decode_request(request.name, request.body);
        if (const auto* seed = std::get_if<wire::SeedRequest>(&decoded)) {
            reject("no_cluster_id", request.name + " from " + request.source);
            respond({Response::Kind::ok, wire::encode_seed_reply(*seed, election_.term())});
            return publish();
        }
        const auto& message = std::get<PeerRequest>(decoded);
        if (const auto* query = std::get_if<StatusQuery>(&message.body)) {
            return answer_status(message.term, *query, respond);
        }
        if (const auto wrong = wrong_identity_of(message.from, request.verified_names)) {
            return refuse(request, message, *wrong, respond);
        }
        take_request({message, respond});
    } catch (const wire::DecodeError& error) {
        reject("malformed", request.name + " from " + request.source + ": " + error.what());
        respond({Response::Kind::malformed, wire::encode_malformed(error)});
        publish();
    }
}

void Node::take_request(const Asked& asked) {
    const auto& from = asked.message.from;
    learn(from);
    auto effects = election_.step(now_, asked.message, from_namesakes_address(from));
    ENSURE(effects.reply);
    after_step(std::move(effects), &asked);
}

// What else an accepted heartbeat brings: the members, and whether the role of this node is
// confirmed.
void Node::take_accepted(const PeerRequest& message) {
    const auto* heartbeat = std::get_if<Heartbeat>(&message.body);
    const auto& leader = election_.followed();
    if (!heartbeat || !leader || leader->uuid != message.from.uuid) return;
    if (message.term != election_.term()) return;
    if (heartbeat->members) {
        book_.reported_by_leader(now_, *heartbeat->members);
        views_.take_members(*heartbeat->members, now_);
        return publish();
    }
    // It contains no new data, so the leader has an ack of this process with this configuration and
    // view. A quorum holds the configuration, so no later leader has an older one. From now on the
    // role of this node survives the loss of any one node.
    const bool confirms = !heartbeat->config && !heartbeat->config_pending &&
                          heartbeat->number == election_.electorate().number &&
                          heartbeat->view != 0 && heartbeat->view == election_.view_held();
    if (confirms && views_.confirm_role()) publish();
}

void Node::on(const ReplyArrived& arrived) {
    auto reply = read_reply(arrived);
    const auto wrong =
        reply ? wrong_identity_of(reply->from, arrived.answer.verified_names) : std::nullopt;
    count_hello(arrived, wrong.has_value());
    const bool open = election_.durable().blank() && open_hellos_.any(now_);
    if (wrong) {
        drop_answer(arrived, *wrong);
    } else if (reply && reply->reason == Reason::wrong_identity) {
        note_refusal_of_us(arrived, *reply);
    } else if (reply) {
        return take_reply(arrived, *reply, open);
    }
    if (arrived.name == "heartbeat") dependencies_.counters.heartbeats_failed.add();
    if (!arrived.to.empty()) book_.unanswered(arrived.to, arrived.address);
    step(NoReply{
        .to = arrived.to, .vote_request = arrived.name == "vote-request", .hellos_open = open});
}

// The response, if it is a message.
std::optional<PeerReply> Node::read_reply(const ReplyArrived& arrived) {
    if (arrived.answer.kind != Response::Kind::ok) {
        faults_.failed(arrived.address, arrived.answer);
        return std::nullopt;
    }
    try {
        return wire::decode_reply(arrived.name, arrived.answer.body);
    } catch (const wire::DecodeError& error) {
        reject("malformed", "answer to " + arrived.name + " from " + arrived.address.to_string() +
                                ": " + error.what());
        faults_.wrong(arrived.address, "answers with something that is not a message");
        return std::nullopt;
    }
}

namespace {

// Which other cluster a node belongs to, and what to do; follows "it is of".
std::string why_foreign(const Sender& from, const Durable& own) {
    if (from.cluster_name == own.cluster_name) {
        return "another cluster of the same name, with cluster id " + from.cluster_id +
               "; this is normal once after electiond recover, else correct the addresses that "
               "discovery lists";
    }
    return "cluster " + shown_names({from.cluster_name}) + ", not " + own.cluster_name +
           "; correct cluster.name, or the addresses that discovery lists";
}

}  // namespace

void Node::take_reply(const ReplyArrived& arrived, const PeerReply& reply, bool open) {
    // Another node has that address now, or the host name has another address now.
    const bool astray = arrived.to.empty() ? book_.listed_for_another(arrived.address, reply.from)
                                           : reply.from.uuid != arrived.to;
    note_fault(arrived, reply, astray);
    if (astray) dependencies_.transport.refresh(arrived.address);
    if (astray && !arrived.to.empty()) book_.unanswered(arrived.to, arrived.address);
    learn(reply.from);
    learn_hint(reply.body);
    if (reply.reason == Reason::foreign_cluster && !reply.from.cluster_id.empty()) {
        reject("foreign_cluster", arrived.name + " to node " + reply.from.id.value + " at " +
                                      arrived.address.to_string() + ": it is of " +
                                      why_foreign(reply.from, election_.durable()));
    }
    after_step(election_.step(now_, reply, from_namesakes_address(reply.from), open));
}

// Records whether the expected node has answered, for the operator.
void Node::note_fault(const ReplyArrived& arrived, const PeerReply& reply, bool astray) {
    const auto& own = election_.durable();
    const auto& from = reply.from;
    if (from.cluster_name != own.cluster_name) {
        faults_.wrong(arrived.address, "is of cluster " + from.cluster_name + ", not " +
                                           own.cluster_name + " as cluster.name says");
    } else if (!from.cluster_id.empty() && !own.blank() && from.cluster_id != own.cluster_id) {
        faults_.wrong(arrived.address,
                      "is of another cluster of this name, cluster id " + from.cluster_id);
    } else if (astray) {
        faults_.wrong(arrived.address,
                      "is node " + from.id.value + " with uuid " + from.uuid.value);
    } else {
        faults_.answered(arrived.address);
    }
}

// B6: notes that the address has responded to a hello, or that the hello has failed.
void Node::count_hello(const ReplyArrived& arrived, bool dropped) {
    if (arrived.name != "hello") return;
    const auto kind = arrived.answer.kind;
    if (dropped || kind == Response::Kind::timed_out || kind == Response::Kind::unreachable) {
        open_hellos_.failed(now_, arrived.address);
    } else {
        open_hellos_.answered(arrived.address);
    }
}

void Node::on(const PeersPolled& polled) {
    if (book_.found(now_, polled.source, polled.peers)) return step(PeersFound{});
    publish();
}

void Node::on(const ArbiterAnswered& answered) { step(ClaimAnswered{answered.stored}); }
void Node::on(const HooksFinished&) { step(HooksDone{}); }
void Node::on(const HealthReported& health) { step(HealthChanged{health.healthy}); }

void Node::on(const PolicyChange& change) {
    dependencies_.journal.set_loss_delay(2 * Duration(change.heartbeat));
    step(change);
}

void Node::on(CommandArrived command) {
    const auto ticket = ++tickets_;
    commands_[ticket] = std::move(command.done);
    step(Command{.ticket = ticket, .what = std::move(command.what)});
}

// Learns about the sender of a message, whether or not the message counts.
void Node::learn(const Sender& from) {
    if (from.uuid == election_.durable().uuid) {
        if (from.incarnation != identity_.incarnation) {
            reject("duplicate_uuid", "another process runs on a copy of this data directory");
        }
        return;
    }
    const auto learnt = book_.heard(now_, from);
    if (learnt.duplicated) {
        reject("duplicate_uuid", "two processes run on copies of one data directory: node " +
                                     from.id.value + " uuid " + from.uuid.value +
                                     "; stop one and empty its data directory");
    }
    if (learnt.restarted) refresh_routes(from.uuid);
    if (learnt.moved) step(AddressesChanged{});
}

// A node may have restarted on another machine, under the same host name.
void Node::refresh_routes(const NodeUuid& uuid) {
    for (const auto& address : book_.addresses(uuid)) dependencies_.transport.refresh(address);
}

// Learns the leader's address from a response: one known member is enough to find the leader (B6).
void Node::learn_hint(const ReplyBody& body) {
    std::visit(
        [this](const auto& reply) {
            if constexpr (requires { reply.hint; }) {
                if (!reply.hint || !reply.hint->address) return;
                Member leader{.id = reply.hint->id, .uuid = reply.hint->uuid};
                leader.addresses = {*reply.hint->address};
                book_.hearsay(now_, {leader});
            }
        },
        body);
}

// Counts a refused message, and logs it at most once a minute for each `operation`. If no step
// follows, the caller publishes the count.
void Node::reject(std::string_view reason, const std::string& what, std::string_view operation) {
    const std::string key(reason);
    views_.count_refusal(key);
    const auto text = what.substr(0, 500);
    const auto due = complaints_.failed(std::string(operation), text, now_);
    if (due)
        dependencies_.log.warning("message refused: " + text + due->suffix(), {{"reason", key}});
}

// ---- effects -----------------------------------------------------------------------------------

struct Node::Body {
    Node& node;
    const Asked* asked;

    void save(const Durable& durable) { node.dependencies_.store.save(durable); }
    Instant close_grants() {
        const auto until = node.dependencies_.grants.close();
        node.publish();
        return until;
    }
    void reply(Reply reply) {
        if (!asked) return;
        node.count_reply(reply.body);
        node.fill_hint(reply.body);
        asked->respond({Response::Kind::ok,
                        node.encoded({reply.term, asked->message.term, reply.reason}, reply.body)});
    }
    void send(Outgoing&& outgoing) { node.send(std::move(outgoing)); }
    void publish(Effects& effects) {
        for (auto& change : effects.changes) {
            explain(change, node.book_, node.faults_);
            node.dependencies_.journal.note(node.now_, change);
            log_change(node.dependencies_.log, change);
        }
        node.log_removal();
        if (effects.members) node.views_.members_changed();
        node.publish();
    }
    void open_grants() { node.dependencies_.grants.open(); }
    void done(const Done& done) {
        if (auto command = node.commands_.extract(done.ticket)) command.mapped()(done);
    }
    void claim(const Claim& claim) { node.dependencies_.claim(claim); }
    void twin_is_due() { node.twin_due_ = node.now_ + node.twin_delay(); }
};

void Node::step(const Input& input) { after_step(election_.step(now_, input)); }

void Node::after_step(Effects&& effects, const Asked* asked) {
    bind_voters();
    if (is_brief_ && !effects.only_reply()) {
        rest_ = Rest{.effects = std::move(effects), .message = {}, .respond = {}};
        if (!asked) return;
        rest_->message = asked->message;
        rest_->respond = std::move(asked->respond);
        return;
    }
    finish_step(std::move(effects), asked);
}

void Node::finish_step(Effects&& effects, const Asked* asked) {
    Body body{*this, asked};
    auto closed = carry_out(std::move(effects), body);
    while (closed) {
        Body alone{*this, nullptr};
        closed = carry_out(election_.step(now_, *closed), alone);
    }
    if (asked) take_accepted(asked->message);
}

void Node::count_reply(const ReplyBody& body) {
    if (const auto* vote = std::get_if<VoteReply>(&body)) {
        (vote->granted ? dependencies_.counters.votes_granted
                       : dependencies_.counters.votes_refused)
            .add();
    }
}

// M5: is the sender's address that of a voter with the same id and another uuid?
bool Node::from_namesakes_address(const Sender& from) const {
    const auto* voter = election_.electorate().find(from.id);
    if (!voter || voter->uuid == from.uuid || !from.address) return false;
    const auto known = book_.addresses(voter->uuid);
    return std::ranges::find(known, *from.address) != known.end();
}

void Node::answer_status(Term term, const StatusQuery& query, const Respond& respond) {
    publish();  // handle() may have added an entry to the journal
    const auto status = dependencies_.board.read();
    const auto& view = *status->view;
    StatusReply reply{.address = identity_.address,
                      .api = identity_.api,
                      .port = {},
                      .state = status->leadership.state_at(now_),
                      .role = view.role,
                      .leader_id = status->leader_at(now_),
                      .is_leader = status->leads_at(now_),
                      .lease_remaining = status->leadership.lease_remaining(now_),
                      .uptime = static_cast<std::uint64_t>(
                          std::chrono::floor<std::chrono::seconds>(now_ - started_).count()),
                      .voted_for = view.voted_for,
                      .config = view.config,
                      .voters = view.voters.size(),
                      .version = identity_.version,
                      .members = {}};
    if (const auto api = Endpoint::parse(identity_.api)) reply.port = api->port;
    if (query.members && election_.holds_office()) {
        reply.members = views_.with_addresses(election_.members(now_));
    }
    respond({Response::Kind::ok, wire::encode(PeerReply{.from = sender(),
                                                        .term = election_.term(),
                                                        .request_term = term,
                                                        .reason = Reason::none,
                                                        .body = std::move(reply)})});
}

// Once in each run of the process: when the node learns that it was removed, or at its start.
void Node::log_removal() {
    const auto& own = election_.durable();
    if (std::exchange(removed_, own.left) || !own.left) return;
    dependencies_.log.warning(
        "this node is no longer a member of cluster " + own.cluster_name +
            ": it left, or it was removed for good; stop it, and to let it join "
            "again as a new member run electiond rejoin before the next start",
        {{"term", own.term}, {"reason", to_string(Reason::removed)}});
}

void Node::publish() {
    views_.refresh(now_);
    dependencies_.board.publish(Status(dependencies_.journal.index(), election_.term(),
                                       election_.leadership(), views_.view(), views_.members()),
                                now_);
}

}  // namespace electiond
