// The passive node.
#include "node/node.h"

#include <algorithm>
#include <utility>

#include "election/overloaded.h"
#include "wire/codec.h"

namespace electiond {
namespace {

constexpr std::size_t kRejectReasonsMax = 64;

}  // namespace

Durable new_record(const NodeId& id, const std::string& cluster, Random& random) {
    Durable record;
    record.uuid = NodeUuid(random.identity());
    record.node_id = id;
    record.cluster_name = cluster;
    return record;
}

Durable wake(DurableStore& store, const NodeId& id, const std::string& cluster, Random& random) {
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
    store.settle();
    return *record;
}

Node::Node(const Policy& policy, Durable durable, Random random, Identity identity,
           Surroundings around, Instant now)
    : election_(policy, std::move(durable), random, now),
      identity_(std::move(identity)),
      around_(std::move(around)),
      book_(election_.durable().uuid, identity_.address),
      open_hellos_(5 * Duration(policy.timing.election_timeout)),
      now_(now),
      started_(now) {
    publish();
}

void Node::handle(Instant now, Event event) {
    now_ = now;
    around_.journal.tick(now);
    std::visit([this](auto& each) { on(std::move(each)); }, event);
}

void Node::tick(Instant now) {
    now_ = now;
    around_.journal.tick(now);
    step(Tick{});
}

Instant Node::deadline() const {
    return std::min(election_.deadline(), around_.journal.deadline());
}

// ---- the way in --------------------------------------------------------------------------------

void Node::on(RequestArrived arrived) {
    const auto& [request, respond] = arrived;
    if (!wire::known_request(request.name)) {
        reject("unknown", request.name);
        respond({Answer::Kind::unknown, R"({"error":"unknown message"})"});
        return publish();
    }
    try {
        const auto decoded = wire::decode_request(request.name, request.body);
        if (const auto* seed = std::get_if<wire::SeedRequest>(&decoded)) {
            reject("no_cluster_id", request.name + " from " + request.source);
            respond({Answer::Kind::ok, wire::encode_seed_reply(*seed, election_.term())});
            return publish();
        }
        const auto& message = std::get<PeerRequest>(decoded);
        if (const auto* query = std::get_if<StatusQuery>(&message.body)) {
            return answer_status(message.term, *query, respond);
        }
        learn(message.from);
        step(RequestReceived{message, from_namesakes_address(message.from)}, &respond,
             message.term);
        if (const auto* heartbeat = std::get_if<Heartbeat>(&message.body);
            heartbeat && election_.followed() && election_.followed()->uuid == message.from.uuid &&
            message.term == election_.term()) {
            take_accepted(*heartbeat);
        }
    } catch (const wire::DecodeError& error) {
        reject("malformed", request.name + " from " + request.source + ": " + error.what());
        respond({Answer::Kind::malformed, wire::encode_malformed(error)});
        publish();
    }
}

// What a heartbeat brings beside the election: the members, and whether our role is confirmed.
void Node::take_accepted(const Heartbeat& heartbeat) {
    if (heartbeat.members) {
        members_ = *heartbeat.members;
        members_at_ = now_;
        listed_ = {};
        book_.hearsay(members_);
        return publish();
    }
    // It brings no news, so an ack of this process with this configuration and view has reached the
    // leader. A quorum holds the configuration, so no later leader has an older one. From here on
    // our role survives the loss of any one node.
    const bool confirms = !heartbeat.config && !heartbeat.config_pending &&
                          heartbeat.number == election_.electorate().number &&
                          heartbeat.view != 0 && heartbeat.view == election_.view_held();
    if (!confirms || confirmed_role_ == role_here()) return;
    confirmed_role_ = role_here();
    publish();
}

void Node::on(const ReplyArrived& arrived) {
    count_hello(arrived);
    const bool open = election_.durable().blank() && open_hellos_.any(now_);
    if (arrived.answer.kind == Answer::Kind::ok) {
        try {
            const auto reply = wire::decode_reply(arrived.name, arrived.answer.body);
            // Another node has that address now, or the name has another address now.
            const bool astray = arrived.to.empty()
                                    ? book_.listed_for_another(arrived.address, reply.from)
                                    : reply.from.uuid != arrived.to;
            if (astray) around_.transport.refresh(arrived.address);
            if (astray && !arrived.to.empty()) book_.unanswered(arrived.to, arrived.address);
            learn(reply.from);
            learn_hint(reply.body);
            if (reply.reason == Reason::foreign_cluster && !reply.from.cluster_id.empty()) {
                reject("foreign_cluster", arrived.name + " by node " + reply.from.id.value +
                                              " of cluster id " + reply.from.cluster_id);
            }
            return step(ReplyReceived{.reply = reply,
                                      .from_namesakes_address = from_namesakes_address(reply.from),
                                      .hellos_open = open});
        } catch (const wire::DecodeError& error) {
            reject("malformed", "answer to " + arrived.name + " from " +
                                    arrived.address.to_string() + ": " + error.what());
        }
    }
    if (!arrived.to.empty()) book_.unanswered(arrived.to, arrived.address);
    step(NoReply{
        .to = arrived.to, .vote_request = arrived.name == "vote-request", .hellos_open = open});
}

// B6: whether every address that was asked has answered, or its request has failed.
void Node::count_hello(const ReplyArrived& arrived) {
    if (arrived.name != "hello") return;
    const auto kind = arrived.answer.kind;
    if (kind == Answer::Kind::timed_out || kind == Answer::Kind::unreachable) {
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

void Node::on(Wish wish) {
    const auto ticket = ++tickets_;
    wishes_[ticket] = std::move(wish.done);
    step(Command{.ticket = ticket, .what = std::move(wish.what)});
}

// What every message tells about its sender, whatever becomes of it.
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
                                     "; stop one and wipe its data directory");
    }
    if (learnt.restarted) refresh_routes(from.uuid);
    if (learnt.moved) step(AddressesChanged{});
}

// A node that restarted may have done so on another machine, under the same name.
void Node::refresh_routes(const NodeUuid& uuid) {
    for (const auto& address : book_.addresses(uuid)) around_.transport.refresh(address);
}

// Where the leader is, in the words of one who follows it: who knows one member finds it (B6).
void Node::learn_hint(const ReplyBody& body) {
    std::visit(
        [this](const auto& reply) {
            if constexpr (requires { reply.hint; }) {
                if (!reply.hint || !reply.hint->address) return;
                Member leader{.id = reply.hint->id, .uuid = reply.hint->uuid};
                leader.addresses = {*reply.hint->address};
                book_.hearsay({leader});
            }
        },
        body);
}

// Counts what was refused; the log hears of each kind once a minute. The caller publishes the count
// if no step does.
void Node::reject(std::string_view reason, const std::string& what) {
    const std::string key(reason);
    if (rejected_.size() >= kRejectReasonsMax && !rejected_.contains(key)) return;
    ++rejected_[key];
    const auto text = what.substr(0, 300);
    const auto due = complaints_.failed(key, text, now_);
    if (due) around_.log.warning("message refused: " + text + due->suffix(), {{"reason", key}});
}

// ---- the way out -------------------------------------------------------------------------------

void Node::step(const Input& input, const Respond* respond, Term request_term) {
    carry_out(election_.step(now_, input), respond, request_term);
}

// The order is the safety: nothing leaves before it is durable (D1), and a lead that is lost or
// drains is known to be so here before anyone else can hear of it (§11, trace 6).
void Node::carry_out(Effects effects, const Respond* respond, Term request_term) {
    if (effects.save) around_.store.save(*effects.save);
    Instant granted_until{};
    if (effects.close_grants) {
        granted_until = around_.grants.close();
        publish();
    }
    if (respond) {
        ENSURE(effects.reply);
        fill_hint(effects.reply->body);
        (*respond)({Answer::Kind::ok, wire::encode(PeerReply{.from = sender(),
                                                             .term = effects.reply->term,
                                                             .request_term = request_term,
                                                             .reason = effects.reply->reason,
                                                             .body = effects.reply->body})});
    }
    for (const auto& outgoing : effects.send) send(outgoing);
    tell(effects);
    publish();
    if (std::holds_alternative<Leading>(election_.role()) && !election_.draining() &&
        around_.grants.closed()) {
        around_.grants.open();
    }
    for (const auto& done : effects.done) {
        if (auto wish = wishes_.extract(done.ticket)) wish.mapped()(done);
    }
    if (effects.claim) around_.claim(*effects.claim);
    if (effects.save) around_.store.settle();
    if (effects.close_grants) step(GrantsClosed{granted_until});
}

void Node::send(const Outgoing& outgoing) {
    const auto name = wire::name_of(outgoing.body);
    PeerRequest request{.from = sender(), .term = outgoing.term, .body = outgoing.body};
    if (auto* heartbeat = std::get_if<Heartbeat>(&request.body); heartbeat && heartbeat->members) {
        heartbeat->members = with_addresses(std::move(*heartbeat->members));
    }
    const auto body = wire::encode(request);
    if (const auto* uuid = std::get_if<NodeUuid>(&outgoing.to)) {
        if (const auto address = book_.route(*uuid)) return send_to(*uuid, *address, name, body);
        return;
    }
    for (const auto& target : book_.everyone(std::get<Everyone>(outgoing.to).except)) {
        send_to(target.uuid, target.address, name, body);
    }
}

void Node::send_to(const NodeUuid& uuid, const Endpoint& address, const std::string& name,
                   const std::string& body) {
    if (election_.durable().blank() && name == "hello") {
        open_hellos_.sent(now_, address);
    }
    // A vote is saved before it is answered, and the disk may be slow.
    const auto& timing = election_.policy().timing;
    const auto patience = name == "vote-request"
                              ? std::max(timing.request_timeout, timing.election_timeout / 2)
                              : timing.request_timeout;
    around_.transport.send(
        address, Request{.name = name, .body = body, .lane = Lane::election, .source = {}},
        patience, [post = around_.post, uuid, address, name](Answer answer) {
            post(ReplyArrived{uuid, address, name, std::move(answer)});
        });
}

Sender Node::sender() const {
    const auto& durable = election_.durable();
    return {.cluster_id = durable.cluster_id,
            .cluster_name = durable.cluster_name,
            .uuid = durable.uuid,
            .id = durable.node_id,
            .incarnation = identity_.incarnation,
            .address = identity_.address,
            .api = identity_.api,
            .supersedes = durable.supersedes};
}

std::vector<Member> Node::with_addresses(std::vector<Member> members) const {
    for (auto& member : members) {
        member.addresses = book_.addresses(member.uuid);
        member.api =
            member.uuid == election_.durable().uuid ? identity_.api : book_.api(member.uuid);
    }
    return members;
}

void Node::fill_hint(ReplyBody& body) const {
    std::visit(
        [this](auto& reply) {
            if constexpr (requires { reply.hint; }) {
                if (!reply.hint) return;
                const auto addresses = book_.addresses(reply.hint->uuid);
                if (!addresses.empty()) reply.hint->address = addresses.front();
            }
        },
        body);
}

// M5: does the sender speak from the address of a voter that has its id and another uuid?
bool Node::from_namesakes_address(const Sender& from) const {
    const auto* voter = election_.electorate().find(from.id);
    if (!voter || voter->uuid == from.uuid || !from.address) return false;
    const auto known = book_.addresses(voter->uuid);
    return std::ranges::find(known, *from.address) != known.end();
}

void Node::answer_status(Term term, const StatusQuery& query, const Respond& respond) {
    const auto status = around_.board.read();
    StatusReply reply{.address = identity_.address,
                      .api = identity_.api,
                      .port = {},
                      .state = std::string(status->state_at(now_)),
                      .role = status->role,
                      .leader_id = status->leader_at(now_),
                      .is_leader = status->leads_at(now_),
                      .lease_remaining = status->lease_remaining(now_),
                      .uptime = static_cast<std::uint64_t>(
                          std::chrono::floor<std::chrono::seconds>(now_ - started_).count()),
                      .voted_for = status->voted_for,
                      .config = status->config,
                      .voters = status->voters.size(),
                      .version = identity_.version,
                      .members = {}};
    if (const auto api = Endpoint::parse(identity_.api)) reply.port = api->port;
    if (query.members && election_.holds_office()) {
        reply.members = with_addresses(election_.members(now_));
    }
    respond({Answer::Kind::ok, wire::encode(PeerReply{.from = sender(),
                                                      .term = election_.term(),
                                                      .request_term = term,
                                                      .reason = Reason::none,
                                                      .body = std::move(reply)})});
}

// ---- what others may know ----------------------------------------------------------------------

void Node::tell(const Effects& effects) {
    for (const auto& change : effects.changes) {
        around_.journal.note(now_, change);
        log_change(change);
    }
}

void Node::log_change(const Change& change) {
    const std::string& id = change.subject.value;
    const auto& log = around_.log;
    const auto fields = [&change](LogFields first) {
        first.emplace_back("term", change.term);
        if (change.reason != Reason::none) first.emplace_back("reason", to_string(change.reason));
        return first;
    };
    switch (change.kind) {
        case Change::Kind::leader:
            return log.info("node " + id + " leads", fields({{"leader", id}}));
        case Change::Kind::no_leader:
            return log.info("no leader is known any more", fields({{"previous", id}}));
        case Change::Kind::state:
            return log.info("this node is now " + change.detail, fields({}));
        case Change::Kind::membership:
            return log.info("voters changed: node " + id,
                            fields({{"uuid", change.uuid.value},
                                    {"voters", election_.electorate().voters.size()}}));
        case Change::Kind::peer:
            return log.info("node " + id + " " + change.detail,
                            fields({{"uuid", change.uuid.value}}));
        case Change::Kind::report:
            return log.warning(change.detail, fields({}));
    }
}

std::string Node::name_of(const NodeUuid& uuid) const {
    if (uuid == election_.durable().uuid) return election_.durable().node_id.value;
    if (const auto* voter = election_.electorate().find(uuid)) return voter->id.value;
    return book_.id_of(uuid).value_or(NodeId(uuid.value)).value;
}

std::string Node::role_here() const {
    const auto& durable = election_.durable();
    if (durable.left) return "removed";
    if (durable.blank()) return "joining";
    if (durable.config.has(durable.uuid)) return "voter";
    const auto own = std::ranges::find(members_, durable.uuid, &Member::uuid);
    return own != members_.end() && own->role == "standby" ? "standby" : "observer";
}

// Whom membership names, as far as it is known here.
std::vector<NodeUuid> Node::known_members() const {
    std::vector<NodeUuid> all;
    for (const auto& voter : election_.electorate().voters) all.push_back(voter.uuid);
    for (const auto& member : members_) all.push_back(member.uuid);
    if (const auto& leader = election_.followed()) all.push_back(leader->uuid);
    return all;
}

// Ages change at every step, who is who and where seldom: only what may have changed is made anew.
void Node::refresh_lists(const Status& status) {
    const Listed now{book_.revision(), status.index, status.config};
    bool stale = now != listed_;
    listed_ = now;
    if (status.in_office) {  // remembered: the last view once the lead is lost
        auto members = election_.members(now_);
        stale = stale || !std::ranges::equal(members, members_, {}, &Member::uuid, &Member::uuid);
        if (stale) {
            members = with_addresses(std::move(members));
        } else {
            for (std::size_t i = 0; i < members.size(); ++i) {
                members[i].addresses = std::move(members_[i].addresses);
                members[i].api = std::move(members_[i].api);
            }
        }
        members_ = std::move(members);
        members_at_ = now_;
    }
    if (stale) peers_ = book_.peers(known_members());
}

void Node::publish() {
    const auto& durable = election_.durable();
    Status status;
    status.index = around_.journal.index();
    status.id = durable.node_id;
    status.uuid = durable.uuid;
    status.cluster = durable.cluster_name;
    status.cluster_id = durable.cluster_id;
    status.api = identity_.api;
    status.address = identity_.address;
    status.term = durable.term;
    if (!durable.voted_for.empty()) status.voted_for = name_of(durable.voted_for);
    status.role = role_here();
    status.draining = election_.draining();
    status.in_office = election_.holds_office();
    status.state_without_lease =
        std::holds_alternative<Following>(election_.role()) || status.draining ? "FOLLOWER"
                                                                               : "CANDIDATE";
    if (const auto& lease = election_.lease()) {
        status.lease_token = lease->term;
        status.lease_until = lease->until;
    }
    if (!status.in_office && election_.followed()) {
        status.followed = election_.followed();
        status.followed_until = election_.promise().until;
    }
    if (const auto& told = election_.hearsay(); told && told->hint.term >= durable.term) {
        status.hearsay = told->hint.id.empty() ? told->hint.uuid.value : told->hint.id.value;
        status.hearsay_until = told->until;
    }
    status.config = durable.config.number;
    status.voters = durable.config.voters;
    status.quorum = durable.config.quorum();
    status.priority = election_.policy().priority;
    status.eligible = election_.eligible();
    if (election_.config_held()) confirmed_role_ = status.role;
    if (confirmed_role_ != status.role) confirmed_role_.clear();
    status.role_confirmed = !confirmed_role_.empty();
    status.observer = election_.policy().observer;
    status.started = started_;
    refresh_lists(status);
    status.members = members_;
    status.members_at = members_at_;
    status.peers = peers_;
    status.rejected = rejected_;
    around_.board.publish(std::move(status), now_);
}

}  // namespace electiond
